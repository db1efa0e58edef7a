package wire

// Limits bound what a stranger can make us hold or do. Every number is one of bytes
// unless it says otherwise.
type Limits struct {
	// StartLine is the longest request or status line, without CRLF. A longer
	// request line is answered 414 if it has a method, else 400.
	StartLine int
	// FieldName and FieldValue bound one field line. Longer is answered 431.
	FieldName  int
	FieldValue int
	// Head is the longest head, from the start line to the empty line, all
	// included. Longer is answered 431.
	Head int
	// Fields is how many field lines a head may have; more is answered 431. A
	// byte limit alone lets "a:" stand 16,000 times.
	Fields int
	// ChunkLine is the longest chunk-size line with its extensions.
	ChunkLine int
	// ChunkExtensions is how many bytes of extensions a whole message may have:
	// they are read and thrown away (CVE-2023-39326).
	ChunkExtensions int
	// ChunkSlack and ChunkRatio bound the cost of tiny chunks: the bytes of
	// framing may be at most ChunkSlack + ChunkRatio times the bytes of content.
	// A one-byte chunk has five bytes of framing; four-byte chunks never exceed 2.
	ChunkSlack int64
	ChunkRatio int64
	// Trailers is the longest trailer section and TrailerFields its most lines.
	Trailers      int
	TrailerFields int
	// Informational is how many 1xx responses may precede the final one. The
	// transport counts them.
	Informational int
}

// Rules say how strictly messages of one side are read.
type Rules struct {
	Limits

	// Underscores lets "_" stand in field names. Origins that map names to
	// variables (CGI, WSGI) cannot tell X_User from X-User, so that requests
	// with them are refused by default.
	Underscores bool
	// Upgrades are the protocols, in lower case, that a connection may be
	// switched to. Any other Upgrade field is dropped as hop-by-hop.
	Upgrades []string
}

// DefaultRequestRules are those for requests from strangers: 8 KiB for a line or a
// value, 64 KiB and 100 fields for a head, as other gateways have them; WebSocket
// is the only upgrade.
func DefaultRequestRules() *Rules {
	return &Rules{
		StartLine:       8 << 10,
		FieldName:       256,
		FieldValue:      8 << 10,
		Head:            64 << 10,
		Fields:          100,
		ChunkLine:       4 << 10,
		ChunkExtensions: 16 << 10,
		ChunkSlack:      64 << 10,
		ChunkRatio:      2,
		Trailers:        8 << 10,
		TrailerFields:   32,
		Upgrades:        []string{"websocket"},
	}
}

// DefaultResponseRules are those for responses. Origins are trusted no more than
// clients, but they send more cookies and longer policies: 200 fields, 16 KiB for a
// value, underscores in names, and streams of small chunks for longer.
func DefaultResponseRules() *Rules {
	r := DefaultRequestRules()
	r.Fields = 200
	r.FieldValue = 16 << 10
	r.ChunkSlack = 1 << 20
	r.ChunkRatio = 8
	r.Informational = 16
	r.Underscores = true
	return r
}

// fieldLine is the longest field line: name, colon, value and two spaces.
func (l *Limits) fieldLine() int { return l.FieldName + l.FieldValue + 3 }
