package wire

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// Paths are normalised once, before routing and before any policy, and the origin
// gets what was matched. Five steps over a copy that never grows:
//
//	            "/a/%2e%2E/b%41\c//d%2fe"
//	decode      "/a/../bA/c//d%2fe"     unreserved escapes; "\" is "/"
//	judge                               refuse dot segments that only some parsers see
//	remove dots "/bA/c//d%2fe"          RFC 3986 §5.2.4; above the root is refused
//	merge       "/bA/c/d%2fe"           from NormalizeMergeSlashes on
//
// With NormalizeDecodeAndMergeSlashes the first step also makes "%2f" and "%5c" a
// "/". Otherwise they stay as they are, are matched so and forwarded so.
//
// Whatever the mode, a path is refused if an origin could see another hierarchy in
// it than we do: "..;x" (servlet containers cut parameters before dots are removed),
// "..%2f" where that is not decoded (origins that decode first), overlong UTF-8.

// Normalization is how much of a path is rewritten; the names are Istio's
// (MeshConfig.pathNormalization.normalization). The zero value is Istio's default.
type Normalization uint8

// Modes, each including the one before.
const (
	// NormalizeBase removes dot segments, decodes escaped unreserved characters
	// and turns "\" into "/".
	NormalizeBase Normalization = iota
	// NormalizeMergeSlashes also makes one "/" of several.
	NormalizeMergeSlashes
	// NormalizeDecodeAndMergeSlashes also takes "%2f" and "%5c" for "/".
	NormalizeDecodeAndMergeSlashes
	// NormalizeNone changes nothing. What is refused is refused nevertheless.
	NormalizeNone
)

// NormalizePath returns the path after normalisation: raw itself if nothing needs to
// change, else bytes appended to dst, at most len(raw). The result begins with "/",
// and normalising it again changes nothing. raw has no query.
func NormalizePath(dst, raw []byte, mode Normalization) ([]byte, *exchange.Error) {
	path, r := normalizeFast(raw)
	if r == pathNeedsWork {
		path, r = normalize(dst, raw, mode)
	}
	return path, r.from(exchange.SourceClient)
}

// pathNeedsWork is normalizeFast's way to say "ask normalize".
const pathNeedsWork = reasonCount

// normalizeFast accepts paths of plain characters without empty or dot segments:
// nearly all of them.
func normalizeFast(raw []byte) ([]byte, reason) {
	if len(raw) == 0 || raw[0] != '/' {
		return nil, targetInvalid
	}
	segment := true // at a segment's first byte
	for i := 1; i < len(raw); i++ {
		c := raw[i]
		if is(c, classPlain) {
			segment = false
			continue
		}
		if segment || c != '.' && c != '/' {
			return nil, pathNeedsWork
		}
		segment = c == '/'
	}
	return raw, noReason
}

// normalize does all the steps.
func normalize(dst, raw []byte, mode Normalization) ([]byte, reason) {
	start := len(dst)
	dst, r := decodePath(dst, raw, mode == NormalizeDecodeAndMergeSlashes)
	if r != noReason {
		return nil, r
	}
	path := dst[start:]
	if r := judgeSegments(path); r != noReason {
		return nil, r
	}
	n, r := removeDotSegments(path)
	if r != noReason {
		return nil, r
	}
	if mode == NormalizeNone {
		return raw, noReason
	}
	path = path[:n]
	if mode != NormalizeBase {
		path = path[:mergeSlashes(path)]
	}
	return path, noReason
}

// CheckRewritten judges a path that a rewrite made of facts: joining can complete what
// was harmless apart. "/files/" for the prefix "/static" makes "/files/../x" of
// "/static../x", which passed as a name with two dots at its end. It refuses what
// NormalizePath would change the hierarchy of, whatever the mode. Scratch is where it
// may decode to, at most len(path) bytes.
func CheckRewritten(scratch, path []byte) *exchange.Error {
	if _, r := normalizeFast(path); r != pathNeedsWork {
		return r.from(exchange.SourceClient)
	}
	decoded, r := decodePath(scratch, path, false)
	if r == noReason {
		r = judgeSegments(decoded)
	}
	if r == noReason {
		if n, _ := removeDotSegments(decoded); n == len(decoded) {
			return nil
		}
	}
	return pathRewriteUnsafe.from(exchange.SourceClient)
}

// decodePath validates raw and appends it decoded.
func decodePath(dst, raw []byte, slashes bool) ([]byte, reason) {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '\\':
			dst = append(dst, '/')
		case c == '%':
			v, ok := triplet(raw, i)
			switch {
			case !ok:
				return nil, pathPercentInvalid
			case v == 0:
				return nil, pathNUL
			case isOverlong(raw, i, v):
				return nil, pathOverlongUTF8
			case is(v, classUnreserved):
				dst = append(dst, v)
			case slashes && (v == '/' || v == '\\'):
				dst = append(dst, '/')
			default:
				dst = append(dst, raw[i:i+3]...)
			}
			i += 2
		case is(c, classPath):
			dst = append(dst, c)
		case c == '#':
			return nil, targetFragment
		case c == 0:
			return nil, pathNUL
		default:
			return nil, pathInvalidByte
		}
	}
	return dst, noReason
}

// isOverlong reports whether the escape at raw[i:], of value v, begins a UTF-8
// sequence longer than its character needs (RFC 3629 §3): a hidden "/" or ".".
func isOverlong(raw []byte, i int, v byte) bool {
	var limit byte // a second byte below it makes the sequence overlong
	switch v {
	case 0xc0, 0xc1:
		limit = 0xc0
	case 0xe0:
		limit = 0xa0
	case 0xf0:
		limit = 0x90
	default:
		return false
	}
	next, ok := triplet(raw, i+3)
	return ok && next >= 0x80 && next < limit
}

// judgeSegments looks for dot segments that only some parsers see: followed by
// parameters, or with an encoded slash or backslash on one side.
func judgeSegments(path []byte) reason {
	escaped := false // the segment's left delimiter is an encoded one
	for i := 0; i < len(path); {
		if path[i] == '/' {
			escaped = false
			i++
		} else if n := encodedSlash(path, i); n > 0 {
			escaped = true
			i += n
		}
		dots := i
		for dots < len(path) && path[dots] == '.' {
			dots++
		}
		if n := dots - i; n == 1 || n == 2 {
			switch {
			case isParams(path, dots):
				return pathDotSegmentParams
			case encodedSlash(path, dots) > 0,
				escaped && (dots == len(path) || path[dots] == '/'):
				return pathEncodedDotSegment
			}
		}
		for i = dots; i < len(path) && path[i] != '/' && encodedSlash(path, i) == 0; {
			i++
		}
	}
	return noReason
}

// encodedSlash returns 3 if "%2f" or "%5c" stands at path[i:], else 0.
func encodedSlash(path []byte, i int) int {
	if i+2 < len(path) && path[i] == '%' {
		if v, _ := triplet(path, i); v == '/' || v == '\\' {
			return 3
		}
	}
	return 0
}

// isParams reports whether ";" or "%3b" stands at path[i:].
func isParams(path []byte, i int) bool {
	if i < len(path) && path[i] == ';' {
		return true
	}
	v, ok := triplet(path, i)
	return ok && v == ';'
}

// removeDotSegments does RFC 3986 §5.2.4 in place and returns the new length. It
// refuses ".." above the root: the RFC clamps it, some parsers do not.
func removeDotSegments(path []byte) (int, reason) {
	out := 0
	for i := 0; i < len(path); {
		end := i + 1 // path[i] is "/"
		for end < len(path) && path[end] != '/' {
			end++
		}
		switch string(path[i+1 : end]) {
		case ".":
			if end == len(path) {
				path[out] = '/'
				out++
			}
		case "..":
			if out == 0 {
				return 0, pathEscapesRoot
			}
			for out--; path[out] != '/'; {
				out--
			}
			if end == len(path) {
				path[out] = '/'
				out++
			}
		default:
			out += copy(path[out:], path[i:end])
		}
		i = end
	}
	return out, noReason
}

// mergeSlashes makes one "/" of several, in place, and returns the new length.
func mergeSlashes(path []byte) int {
	out := 0
	for i, c := range path {
		if c == '/' && i > 0 && path[i-1] == '/' {
			continue
		}
		path[out] = c
		out++
	}
	return out
}
