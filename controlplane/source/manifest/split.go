package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Chunk is one document of a file, not yet parsed.
type Chunk struct {
	// Line is the file's line of the first byte, counted from 1.
	Line int
	// Bytes is a part of the file's own buffer.
	Bytes []byte
	// JSON says that Bytes is one JSON value.
	JSON bool
	// Fault is set if the rest of the file could not be told apart; Bytes is then empty.
	Fault string
}

// Split cuts a YAML stream at its document markers (YAML 1.2 §9.1: "---" or "..." at the start of a line, followed
// by white space or the end). Both are forbidden inside any scalar, so no parse is needed, and one broken document
// breaks no other. Documents that hold nothing but comments and directives are left out.
func Split(data []byte) []Chunk {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var chunks []Chunk
	start, startLine, line := 0, 1, 1
	cut := func(end int) {
		if part := data[start:end]; !blank(part) {
			chunks = append(chunks, Chunk{Line: startLine, Bytes: part})
		}
	}
	for at := 0; at < len(data); line++ {
		next := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		switch text := data[at:next]; {
		case marker(text, "---"):
			cut(at)
			start, startLine = at, line
		case marker(text, "..."):
			cut(at)
			start, startLine = next, line+1
		}
		at = next
	}
	cut(len(data))
	return chunks
}

func marker(line []byte, mark string) bool {
	if len(line) < 3 || string(line[:3]) != mark {
		return false
	}
	return len(line) == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r' || line[3] == '\n'
}

// blank reports whether a document has no content: white space, comments, directives and its own "---" only.
func blank(part []byte) bool {
	for line := range bytes.Lines(part) {
		if marker(line, "---") {
			line = line[3:]
		}
		if text := bytes.TrimSpace(line); len(text) > 0 && text[0] != '#' && line[0] != '%' {
			return false
		}
	}
	return true
}

// SplitJSON cuts a stream of JSON values (RFC 8259 §2). The first syntax error ends it: what follows cannot be told apart.
func SplitJSON(data []byte) []Chunk {
	var chunks []Chunk
	dec := json.NewDecoder(bytes.NewReader(data))
	line, counted := 1, 0
	lineOf := func(at int) int {
		line += bytes.Count(data[counted:at], []byte("\n"))
		counted = at
		return line
	}
	for {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return chunks
		}
		end := int(dec.InputOffset())
		if err != nil {
			if s, ok := errors.AsType[*json.SyntaxError](err); ok {
				end = min(max(int(s.Offset), counted), len(data))
			}
			return append(chunks, Chunk{Line: lineOf(end), Fault: fmt.Sprintf("not JSON: %v", err)})
		}
		chunks = append(chunks, Chunk{Line: lineOf(end - len(raw)), Bytes: data[end-len(raw) : end], JSON: true})
	}
}
