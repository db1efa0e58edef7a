package http2

import "time"

// What we tell clients in SETTINGS, and hold them to.
const (
	// maxStreams is how many streams a client may have open.
	maxStreams = 100
	// maxHandlers is how many handlers may run, those of streams that the client has
	// reset or that have ended a moment ago included. It is what bounds a client that
	// resets as fast as it opens (CVE-2023-44487).
	maxHandlers = 2 * maxStreams
	// streamWindow and connWindow are what a client may send without our having taken it.
	streamWindow = 64 << 10
	connWindow   = 1 << 20
	// maxHeads is how many bytes the heads of requests under way may have together. The
	// dynamic table makes kilobytes of one byte on the wire (CVE-2026-47774): a limit for
	// each head alone would let a hundred of them stand.
	maxHeads = 384 << 10
	// tableSize is the dynamic table that clients may use.
	tableSize = 4 << 10
)

// Limits that clients notice when they break them.
const (
	// maxPremature is by how much streams broken off, by the client or for its faults,
	// may outnumber those that came to their end (CVE-2023-44487, CVE-2025-8671).
	maxPremature = 200
	// maxContinuations is how many CONTINUATION frames a section may have beyond those
	// that full frames would need, maxEmptyContinuations how many without a byte
	// (CVE-2024-27316); maxSectionBytes bounds a section before it is decoded.
	maxContinuations      = 8
	maxEmptyContinuations = 1
	maxSectionBytes       = 128 << 10
	// maxEmptyData is how many DATA frames in a row may have no content and no end.
	maxEmptyData = 10
	// maxControl is how many frames of our own may wait for a client to read them.
	maxControl = 1000
	// maxChatter is how many frames without use (PING, SETTINGS, PRIORITY, WINDOW_UPDATE,
	// unknown ones) may come in chatterWindow. Each DATA frame we send pays for
	// chatterPerData of them.
	maxChatter     = 1000
	chatterPerData = 10
	chatterWindow  = 10 * time.Second
)

// Times.
const (
	// stallTime is how long, in all, a stream may wait for windows that the client does
	// not open. Every byte sent earns it as much more as a body's minimum rate allows, so
	// that drips of a byte do not hold it.
	stallTime = 30 * time.Second
	// writeTime bounds one write to the connection, of some 64 KiB. Less than the idle time:
	// a client that does not read is not idle.
	writeTime = 45 * time.Second
	// tickTime is how often a connection with streams is looked after.
	tickTime = time.Second
	// drainGrace is what a client has, between the two GOAWAYs of a drain, for requests
	// already on their way.
	drainGrace = time.Second
	// answerTime and lingerTime bound the end of a refused connection.
	answerTime  = 2 * time.Second
	lingerTime  = 2 * time.Second
	lingerBytes = 256 << 10
)

const (
	// maxOutput is how many bytes are gathered before streams have to wait.
	maxOutput = 64 << 10
	// remembered is how many ended streams are told apart from those never opened.
	remembered = 128
)
