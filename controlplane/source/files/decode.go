package files

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fairlead-mesh/fairlead/controlplane/source/manifest"
)

// document is one document of a file with what it came to. Items are shared between versions of a file in which the
// document's bytes are the same, wherever it moved.
type document struct {
	hash  [sha256.Size]byte
	line  int // in the file, of the first byte
	items []manifest.Item
}

// split cuts a file's bytes. Only .json files are JSON streams; JSON inside YAML is YAML.
func split(path string, data []byte) []manifest.Chunk {
	if filepath.Ext(path) == ".json" {
		return manifest.SplitJSON(data)
	}
	if path == Stdin {
		if t := bytes.TrimSpace(data); len(t) > 0 && (t[0] == '[' || t[0] == '{') {
			if chunks := manifest.SplitJSON(data); !slices.ContainsFunc(chunks, faulty) {
				return chunks
			}
		}
	}
	return manifest.Split(data)
}

func faulty(c manifest.Chunk) bool { return c.Fault != "" }

// reading is one file on its way from bytes to documents.
type reading struct {
	found
	docs []document
	err  error
}

var errTooMany = errors.New("holds more documents than the 200,000 that are allowed in all")

// job is one document to decode and where the items go.
type job struct {
	chunk manifest.Chunk
	into  *document
}

// documents splits a file and takes over the items of documents that the old version had too; the rest are jobs.
func documents(path string, data []byte, old []document) (docs []document, jobs []job) {
	known := make(map[[sha256.Size]byte][]manifest.Item, len(old))
	for i := range old {
		known[old[i].hash] = old[i].items
	}
	chunks := split(path, data)
	docs = make([]document, len(chunks))
	for i, c := range chunks {
		d := &docs[i]
		d.line = c.Line
		d.hash = sha256.Sum256(c.Bytes)
		items, ok := known[d.hash]
		if ok && c.Fault == "" {
			d.items = items
			continue
		}
		jobs = append(jobs, job{c, d})
	}
	return docs, jobs
}

// run decodes jobs on every processor.
func run(dec *manifest.Decoder, jobs []job) {
	workers := min(runtime.GOMAXPROCS(0), len(jobs)/8+1)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(jobs)); i = next.Add(1) - 1 {
				jobs[i].into.items = dec.Decode(jobs[i].chunk)
			}
		})
	}
	wg.Wait()
}
