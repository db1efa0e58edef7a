package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-file +got; -update writes it):\n%s", path, diff)
	}
}

func relayed() *Record {
	return &Record{
		Start: time.Date(2026, 8, 1, 10, 20, 30, 45_678_900, time.UTC), Duration: 12345 * time.Microsecond,
		Method: []byte("GET"), Path: []byte("/giropops"), Query: []byte("y=z"), HasQuery: true, Protocol: "HTTP/1.1",
		Code: 200, Details: "via_upstream", BytesReceived: 0, BytesSent: 615, UpstreamTime: 11 * time.Millisecond,
		ForwardedFor: []byte("203.0.113.7"), UserAgent: []byte("curl/8.5.0"), RequestID: []byte("6b2f"), Authority: []byte("shop.example.com"),
		Upstream: "10.0.0.7:8080", Backend: "outbound|80||nginx.shop.svc.cluster.local",
		UpstreamLocal: netip.MustParseAddrPort("10.0.0.1:40000"), Local: netip.MustParseAddrPort("10.0.0.1:80"),
		Peer: netip.MustParseAddrPort("[::ffff:203.0.113.7]:55555"), Route: "shop",
	}
}

func records() []*Record {
	hostile := relayed()
	hostile.Method = []byte("GET")
	hostile.Path, hostile.Query = []byte("/a b\"\\\r\n[2026"), []byte("\x1b[31m\x00")
	hostile.UserAgent = []byte("x\" 200 - \"\r\n127.0.0.1 é \xff 😀 \u2028")
	hostile.Authority = []byte("x.example.com\x7f")
	hostile.SNI, hostile.Route = "a b", "my route"
	return []*Record{
		relayed(),
		{Start: relayed().Start, Code: 400, Flags: "DPE", Details: "host_missing", UpstreamTime: -1},
		{
			Start: relayed().Start, Method: []byte("POST"), Path: []byte("/"), HasQuery: true, Protocol: "HTTP/1.0", Code: 503, Flags: "UF",
			Details: "connect_failure", TransportFailure: "connection refused", BytesReceived: 1 << 40, UpstreamTime: -1,
			Backend: "outbound|80||nginx", Peer: netip.MustParseAddrPort("[2001:db8::1]:1"), SNI: "a.example.com",
		},
		hostile,
	}
}

func TestAccessLogLines(t *testing.T) {
	var text, object []byte
	for _, r := range records() {
		text = AppendText(text, r)
		object = AppendJSON(object, r)
	}
	golden(t, "accesslog.txt", string(text))
	golden(t, "accesslog.json", string(object))
}

func TestLongValuesAreCut(t *testing.T) {
	r := relayed()
	r.UserAgent = bytes.Repeat([]byte("a"), 1<<20)
	want := `"` + strings.Repeat("a", maxValueBytes) + `..."`
	for _, line := range [][]byte{AppendText(nil, r), AppendJSON(nil, r)} {
		if !bytes.Contains(line, []byte(want)) || len(line) > 2*maxValueBytes {
			t.Errorf("%d bytes", len(line))
		}
	}
}

// Whatever a client sends, a record is one line of visible ASCII, with the quotation
// marks that the format has.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("GET"), []byte("/"), []byte("curl"))
	f.Add([]byte("\r\n"), []byte("\" \\"), []byte("\x1b]0;x\x07"))
	f.Add([]byte("é"), []byte("\xf0\x9f\x98\x80"), []byte("\xff\xed\xa0\x80"))
	f.Fuzz(func(t *testing.T, method, path, agent []byte) {
		r := &Record{
			Method: method, Path: path, Query: agent, HasQuery: true, ForwardedFor: path, UserAgent: agent, RequestID: method,
			Authority: path, SNI: string(agent), Route: string(method),
		}
		text := AppendText(nil, r)
		checkLine(t, text)
		if n := bytes.Count(text, []byte(`"`)); n != 14 {
			t.Errorf("%d quotation marks in %s", n, text)
		}
		if n := bytes.Count(text, []byte(" ")); n != 23 && !bytes.ContainsAny(bytes.Join([][]byte{path, agent, method}, nil), " ") {
			t.Errorf("%d spaces in %s", n, text)
		}
		object := AppendJSON(nil, r)
		checkLine(t, object)
		var members map[string]any
		if err := json.Unmarshal(object, &members); err != nil || len(members) != 24 {
			t.Errorf("%d members, %v: %s", len(members), err, object)
		}
		if want := strings.ToValidUTF8(string(agent), ""); len(agent) < 100 && string(agent) == want && len(want) > 0 && members["user_agent"] != want {
			t.Errorf("user_agent %q, want %q", members["user_agent"], want)
		}
	})
}

func checkLine(t *testing.T, line []byte) {
	t.Helper()
	body, ok := bytes.CutSuffix(line, []byte("\n"))
	if !ok {
		t.Errorf("no line: %q", line)
	}
	for _, c := range body {
		if c < ' ' || c > '~' {
			t.Fatalf("byte 0x%02x in %q", c, line)
		}
	}
}

func TestAccessLogWritesInOrderAndBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &countingWriter{}
		l := NewAccessLog(out, AccessLogOptions{})
		var want []byte
		for i := range 50 {
			r := relayed()
			r.BytesSent = int64(i)
			l.Log(r)
			want = AppendText(want, r)
		}
		time.Sleep(defaultLinger)
		synctest.Wait()
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Error(diff)
		}
		if out.writes != 1 {
			t.Errorf("%d writes", out.writes)
		}
		l.Log(relayed())
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := (AccessLogStats{Written: 51}); l.Stats() != got {
			t.Errorf("stats %v, want %v", l.Stats(), got)
		}
		l.Log(relayed())
		if l.Stats().Dropped != 1 {
			t.Error("a line after Close is not counted as dropped")
		}
	})
}

// A full batch does not wait for the time to pass.
func TestAccessLogFullBatchDoesNotLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &countingWriter{}
		l := NewAccessLog(out, AccessLogOptions{Linger: time.Hour})
		l.Log(relayed())
		synctest.Wait() // it lingers
		for range batchBytes/len(AppendText(nil, relayed())) + 1 {
			l.Log(relayed())
		}
		synctest.Wait()
		if out.Len() < batchBytes {
			t.Errorf("%d bytes written", out.Len())
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAccessLogDropsWhenWriterIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &stuckWriter{free: make(chan struct{})}
		l := NewAccessLog(out, AccessLogOptions{QueuedBytes: 64 << 10})
		l.Log(relayed())
		time.Sleep(time.Second)
		synctest.Wait() // the writer is inside Write
		line := len(AppendText(nil, relayed()))
		fit := (64 << 10) / line
		for range fit + 100 {
			l.Log(relayed())
		}
		if got := l.Stats(); got.Dropped != 100 || got.Written != 0 {
			t.Errorf("stats %v, want 100 dropped", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v", err)
		}
		close(out.free)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := l.Stats(); got.Written != uint64(fit+1) {
			t.Errorf("stats %v, want %d written", got, fit+1)
		}
	})
}

func TestAccessLogQueueIsBoundedInLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &stuckWriter{free: make(chan struct{})}
		l := NewAccessLog(out, AccessLogOptions{QueuedBytes: 1 << 40})
		l.Log(relayed())
		time.Sleep(time.Second)
		synctest.Wait()
		for range queuedLines + 7 {
			l.Log(relayed())
		}
		if got := l.Stats().Dropped; got != 7 {
			t.Errorf("%d dropped, want 7", got)
		}
		close(out.free)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAccessLogGoesOnAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &failingWriter{err: errors.New("no space left on device")}
		l := NewAccessLog(out, AccessLogOptions{Format: FormatJSON})
		for range 3 {
			l.Log(relayed())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		out.err = nil
		l.Log(relayed())
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := (AccessLogStats{Written: 1, Dropped: 3}); l.Stats() != got {
			t.Errorf("stats %v, want %v", l.Stats(), got)
		}
	})
}

func TestAccessLogConcurrently(t *testing.T) {
	var out bytes.Buffer
	l := NewAccessLog(&out, AccessLogOptions{Linger: time.Microsecond})
	r := relayed()
	want := AppendText(nil, r)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				l.Log(r)
			}
		})
	}
	wg.Wait()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	stats := l.Stats()
	if stats.Written+stats.Dropped != 16000 {
		t.Errorf("%v of 16000", stats)
	}
	if !bytes.Equal(out.Bytes(), bytes.Repeat(want, int(stats.Written))) {
		t.Error("lines are torn")
	}
	if n := l.queued.Load(); n != 0 {
		t.Errorf("%d bytes are still counted as queued", n)
	}
}

func TestAccessLogOff(t *testing.T) {
	var l *AccessLog
	l.Log(relayed())
	if l.Enabled() || l.Stats() != (AccessLogStats{}) || l.Close(t.Context()) != nil {
		t.Error("a nil log is not off")
	}
}

func TestAccessLogDoesNotAllocate(t *testing.T) {
	for _, format := range []Format{FormatText, FormatJSON} {
		l := NewAccessLog(io.Discard, AccessLogOptions{Format: format})
		r := records()[3]
		buf := make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(500, func() {
			buf = AppendText(buf[:0], r)
			buf = AppendJSON(buf[:0], r)
		}); n != 0 {
			t.Errorf("append: %v allocations", n)
		}
		for range keptLines { // buffers that lines in flight will be written into
			l.spare.push(&line{text: make([]byte, 0, keptLineBytes)})
		}
		if n := testing.AllocsPerRun(500, func() { l.Log(r) }); n != 0 {
			t.Errorf("log: %v allocations", n)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestQueue(t *testing.T) {
	q := newQueue[int](4)
	if !q.empty() || q.pop() != nil {
		t.Error("a new queue is not empty")
	}
	next, popped := 0, 0
	for round := range 10 {
		for q.push(new(next)) {
			next++
		}
		if next-popped != 4 || q.empty() {
			t.Fatalf("round %d: holds %d, want 4", round, next-popped)
		}
		for range round%4 + 1 {
			if v := q.pop(); v == nil || *v != popped {
				t.Fatalf("round %d: popped %v, want %d", round, v, popped)
			}
			popped++
		}
	}
}

type countingWriter struct {
	bytes.Buffer
	writes int
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.writes++
	return w.Buffer.Write(p)
}

type stuckWriter struct{ free chan struct{} }

func (w *stuckWriter) Write(p []byte) (int, error) {
	<-w.free
	return len(p), nil
}

type failingWriter struct{ err error }

func (w *failingWriter) Write(p []byte) (int, error) { return len(p), w.err }

func BenchmarkAppendText(b *testing.B) {
	r, buf := relayed(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendText(buf[:0], r)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	r, buf := relayed(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendJSON(buf[:0], r)
	}
}

func BenchmarkAccessLog(b *testing.B) {
	l := NewAccessLog(io.Discard, AccessLogOptions{})
	r := relayed()
	b.ReportAllocs()
	for b.Loop() {
		l.Log(r)
	}
	if err := l.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(l.Stats().Dropped)/float64(b.N), "dropped/op")
}
