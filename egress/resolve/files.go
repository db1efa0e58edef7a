package resolve

import (
	"bufio"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// file is a file that is parsed again when it has changed.
type file[T any] struct {
	path  string
	parse func(io.Reader) (T, error)

	mu       sync.Mutex
	value    T
	modified time.Time
	size     int64
}

// read returns the file's content, parsed.
func (f *file[T]) read() (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var none T
	info, err := os.Stat(f.path)
	if err != nil {
		return none, err
	}
	if !f.modified.IsZero() && info.ModTime().Equal(f.modified) && info.Size() == f.size {
		return f.value, nil
	}
	in, err := os.Open(f.path)
	if err != nil {
		return none, err
	}
	defer in.Close()
	value, err := f.parse(in)
	if err != nil {
		return none, err
	}
	f.value, f.modified, f.size = value, info.ModTime(), info.Size()
	return value, nil
}

// parseHosts reads a file in the form of hosts(5). Lines it does not understand are
// passed over, as the system does.
func parseHosts(r io.Reader) (hostsTable, error) {
	table := make(hostsTable)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(words[0])
		if err != nil {
			continue
		}
		for _, name := range words[1:] {
			name = strings.ToLower(strings.TrimSuffix(name, "."))
			table[name] = append(table[name], addr.Unmap())
		}
	}
	return table, lines.Err()
}
