package wire

import (
	"math"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// chunkState is where in RFC 9112 §7.1 a ChunkedReader stands: before the byte named.
type chunkState uint8

const (
	chunkSizeFirst chunkState = iota // the first digit of a size
	chunkSize                        // a further digit, ";" or CR
	chunkExtension                   // inside extensions; see extension.go
	chunkLineLF                      // the LF after a size line
	chunkData                        // content
	chunkDataCR                      // the CR after content
	chunkDataLF                      // the LF after content
	chunkTrailer                     // the trailer section
	chunkDone
)

// ChunkedReader takes the chunked transfer coding off a body. Feed it bytes as they
// come, split anywhere: it hands out content as views into the input and never
// copies it. Only a trailer section is collected, in memory of its own.
//
// Stricter than the RFC where laxness is an attack: lines end in CRLF, nothing
// stands between a size and CRLF but well-formed extensions without white space,
// a size has at most 16 digits, and the sum of sizes fits in an int64.
type ChunkedReader struct {
	rules  *Rules
	source exchange.Source
	state  chunkState
	ext    extensionState
	digits int8

	remaining  int64 // content bytes left in this chunk
	line       int   // bytes of the size line so far
	extensions int   // bytes of extensions in the message
	framing    int64 // bytes that were not content
	content    int64 // bytes that were, declared so far

	failed  reason
	section trailerSection
}

// Reset prepares for the next body, from a client (SourceClient) or an origin
// (SourceUpstream). Views of trailers become invalid.
func (c *ChunkedReader) Reset(source exchange.Source, rules *Rules) {
	section := c.section
	section.reset()
	*c = ChunkedReader{rules: rules, source: source, section: section}
}

// Next takes bytes from in and returns the next piece of content, a view into in,
// and how many bytes it took with it. It returns no content when it took all of in
// without coming to any, or when the body is done; bytes after the body are not
// taken. Call it again with what is left of in.
//
// Once it has refused, it goes on refusing.
func (c *ChunkedReader) Next(in []byte) (content []byte, n int, err *exchange.Error) {
	if c.failed == noReason {
		content, n, c.failed = c.next(in)
	}
	if c.failed != noReason {
		return nil, 0, c.failed.from(c.source)
	}
	return content, n, nil
}

// Done reports whether the body and its trailer section have ended.
func (c *ChunkedReader) Done() bool { return c.state == chunkDone }

// Content returns how many bytes of content the chunks so far declared.
func (c *ChunkedReader) Content() int64 { return c.content }

// Trailers returns the trailer fields that may be passed on, once Done; nil if there
// are none. They are valid until Reset.
func (c *ChunkedReader) Trailers() *exchange.Fields {
	if c.state != chunkDone || c.section.fields.Len() == 0 {
		return nil
	}
	return &c.section.fields
}

// DroppedTrailers returns how many trailer fields were not passed on.
func (c *ChunkedReader) DroppedTrailers() int { return c.section.dropped }

func (c *ChunkedReader) next(in []byte) ([]byte, int, reason) {
	for i := 0; i < len(in); {
		switch c.state {
		case chunkData:
			n := int(min(c.remaining, int64(len(in)-i)))
			if c.remaining -= int64(n); c.remaining == 0 {
				c.state = chunkDataCR
			}
			return in[i : i+n : i+n], i + n, noReason
		case chunkTrailer:
			n, done, r := c.section.take(in[i:], c.rules)
			if done {
				c.state = chunkDone
			}
			return nil, i + n, r
		case chunkDone:
			return nil, i, noReason
		default: // a byte of framing
		}
		if r := c.step(in[i]); r != noReason {
			return nil, 0, r
		}
		i++
	}
	return nil, len(in), noReason
}

// step takes one byte of framing.
func (c *ChunkedReader) step(b byte) reason {
	c.framing++
	switch c.state {
	case chunkSizeFirst, chunkSize, chunkExtension:
		if c.line++; c.line > c.rules.ChunkLine {
			return chunkLineTooLong
		}
		if c.state == chunkExtension {
			return c.extensionByte(b)
		}
		return c.sizeByte(b)
	case chunkLineLF:
		if b != '\n' {
			return bareCR
		}
		return c.startChunk()
	case chunkDataCR:
		if b != '\r' {
			return chunkEndMalformed
		}
		c.state = chunkDataLF
	case chunkDataLF:
		if b != '\n' {
			return bareCR
		}
		c.state = chunkSizeFirst
	case chunkData, chunkTrailer, chunkDone: // next's
	}
	return noReason
}

// maxSizeDigits is the most hexadecimal digits of a chunk size, leading zeros and all.
const maxSizeDigits = 16

func (c *ChunkedReader) sizeByte(b byte) reason {
	switch {
	case is(b, classHex):
		if c.digits++; c.digits > maxSizeDigits || c.remaining > math.MaxInt64>>4 {
			return chunkSizeOverflow
		}
		c.remaining = c.remaining<<4 | int64(hexValue(b))
		c.state = chunkSize
		return noReason
	case b == '\n':
		return bareLF
	case c.state == chunkSizeFirst:
		return chunkSizeMalformed
	case b == '\r':
		c.state = chunkLineLF
		return noReason
	case b == ';':
		c.state, c.ext = chunkExtension, extensionName
		return c.countExtension()
	}
	return chunkSizeMalformed
}

// startChunk begins the chunk whose line has ended.
func (c *ChunkedReader) startChunk() reason {
	c.line, c.digits = 0, 0
	if c.remaining == 0 {
		c.state = chunkTrailer
		return noReason
	}
	if c.content > math.MaxInt64-c.remaining {
		return chunkSizeOverflow
	}
	c.state = chunkData
	// Judged by what earlier chunks held, so that a huge declared size buys nothing.
	if c.framing-c.rules.ChunkSlack > c.rules.ChunkRatio*min(c.content, 1<<40) {
		return chunkOverhead
	}
	c.content += c.remaining
	return noReason
}

func (c *ChunkedReader) countExtension() reason {
	if c.extensions++; c.extensions > c.rules.ChunkExtensions {
		return chunkExtensionsTooLarge
	}
	return noReason
}
