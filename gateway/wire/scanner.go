package wire

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// HeadScanner finds the end of a message's head in a buffer that grows. It looks
// at each byte once, however slowly they come, and refuses what can never become a
// head before the end is there: bare CR or LF, control bytes, a line or a head over
// its limit. What it says does not depend on how the bytes were split.
type HeadScanner struct {
	limits *Limits
	source exchange.Source
	at     int  // bytes looked at
	line   int  // where the line being read begins
	lines  int  // complete lines, the start line included
	blank  bool // the empty line before a request line has been
	// trailer is true for the trailer section of a chunked body: no start line,
	// limits of its own.
	trailer bool
}

// Reset prepares for the next head from a client (SourceClient) or an origin
// (SourceUpstream).
func (s *HeadScanner) Reset(source exchange.Source, limits *Limits) {
	*s = HeadScanner{limits: limits, source: source}
}

// Scan looks at the bytes that buf has gained since the last call; buf begins with
// the head's first byte. It returns the head's length with its final empty line, or
// 0 if more bytes are needed.
//
// One empty line before a request line is taken as part of the head (RFC 9112
// §2.2); ParseRequest skips it.
func (s *HeadScanner) Scan(buf []byte) (int, *exchange.Error) {
	n, r := s.scan(buf)
	return n, r.from(s.source)
}

func (s *HeadScanner) scan(buf []byte) (int, reason) {
	for {
		i := nextControl(buf, s.at)
		if over := s.overLimit(buf, i); over != noReason {
			return 0, over
		}
		s.at = i
		if i == len(buf) {
			return 0, noReason
		}
		switch buf[i] {
		case '\t':
			s.at++
			continue
		case '\n':
			return 0, bareLF
		case '\r': // what follows it decides
		default:
			return 0, controlByte
		}
		if i+1 == len(buf) {
			return 0, noReason
		}
		if buf[i+1] != '\n' {
			return 0, bareCR
		}
		empty := i == s.line
		s.at, s.line = i+2, i+2
		if empty {
			if s.lines > 0 {
				return s.at, noReason
			}
			if s.blank || s.source != exchange.SourceClient {
				return 0, leadingCRLF
			}
			s.blank = true
			continue
		}
		if s.lines++; s.lines-1 > s.maxFields() {
			return 0, s.or(fieldTooMany, trailersTooMany)
		}
	}
}

func (s *HeadScanner) maxFields() int {
	if s.trailer {
		return s.limits.TrailerFields
	}
	return s.limits.Fields
}

// or picks the reason for a head or for a trailer section.
func (s *HeadScanner) or(head, trailer reason) reason {
	if s.trailer {
		return trailer
	}
	return head
}

// overLimit judges the line being read, known to reach as far as end.
func (s *HeadScanner) overLimit(buf []byte, end int) reason {
	if s.lines == 0 {
		if end-s.line <= s.limits.StartLine {
			return noReason
		}
		if s.source != exchange.SourceClient {
			return statusLineTooLong
		}
		if tokenLength(buf[s.line:min(end, s.line+maxMethod+1)]) > maxMethod {
			return methodInvalid
		}
		return targetTooLong
	}
	most := s.limits.Head
	if s.trailer {
		most = s.limits.Trailers
	}
	if s.line+min(end-s.line, s.limits.fieldLine()+1) > most-2 {
		return s.or(headTooLarge, trailersTooLarge)
	}
	if end-s.line > s.limits.fieldLine() {
		return fieldTooLarge
	}
	return noReason
}

// tokenLength counts the leading bytes of b that are tchar.
func tokenLength(b []byte) int {
	for i, c := range b {
		if !is(c, classToken) {
			return i
		}
	}
	return len(b)
}
