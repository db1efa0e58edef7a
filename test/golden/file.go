package golden

import (
	"bytes"
	"errors"
	"fmt"
)

// file is a golden file in parts. All but about are YAML streams.
type file struct {
	about, input, config, status []byte
}

var sections = [...]string{"input", "config", "status"}

// parse reads a file. Sections must be known and come once; only input is required.
func parse(data []byte) (*file, error) {
	f := &file{}
	into := &f.about
	seen := map[string]bool{}
	for line := range bytes.Lines(data) {
		name, ok := header(line)
		if !ok {
			*into = append(*into, line...)
			continue
		}
		if seen[name] {
			return nil, fmt.Errorf("section %q comes twice", name)
		}
		seen[name] = true
		switch name {
		case sections[0]:
			into = &f.input
		case sections[1]:
			into = &f.config
		case sections[2]:
			into = &f.status
		default:
			return nil, fmt.Errorf("section %q: want one of %q", name, sections)
		}
	}
	if !seen[sections[0]] {
		return nil, errors.New("no section \"input\"")
	}
	return f, nil
}

func header(line []byte) (string, bool) {
	line = bytes.TrimRight(line, "\r\n")
	rest, ok := bytes.CutPrefix(line, []byte("-- "))
	if !ok {
		return "", false
	}
	name, ok := bytes.CutSuffix(rest, []byte(" --"))
	return string(name), ok
}

func (f *file) format() []byte {
	var b bytes.Buffer
	b.Write(f.about)
	for i, part := range [][]byte{f.input, f.config, f.status} {
		fmt.Fprintf(&b, "-- %s --\n", sections[i])
		b.Write(part)
		if len(part) > 0 && part[len(part)-1] != '\n' {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}
