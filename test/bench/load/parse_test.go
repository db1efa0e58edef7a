package load

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const report = `Running 10s test @ http://127.0.0.1:18080/api/small
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.41ms    1.02ms  35.60ms   92.50%
    Req/Sec    23.57k     2.04k   28.67k    69.00%
  Latency Distribution
     50%  635.00us
     75%    1.66ms
     90%    2.21ms
     99%    1.05s
  469238 requests in 10.01s, 93.52MB read
Requests/sec:  46872.43
Transfer/sec:      9.34MB
`

func TestParse(t *testing.T) {
	clean := Result{
		Requests: 469238, Elapsed: 10010 * time.Millisecond, PerSecond: 46872.43,
		P50: 635 * time.Microsecond, P99: 1050 * time.Millisecond,
	}
	faulty := clean
	faulty.Errors = 1 + 2 + 3 + 4 + 70
	tests := []struct {
		name string
		text string
		want Result
		err  string
	}{
		{name: "clean", text: report, want: clean},
		{
			name: "errors of both kinds",
			text: strings.Replace(report, "Requests/sec:",
				"  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 70\nRequests/sec:", 1),
			want: faulty,
		},
		{name: "empty", text: "", err: "no requests"},
		{name: "without --latency", text: strings.ReplaceAll(report, "%  ", "  "), err: "no p50"},
		{name: "bad rate", text: strings.Replace(report, "46872.43", "fast", 1), err: "fast"},
		{name: "bad latency", text: strings.Replace(report, "635.00us", "soon", 1), err: "soon"},
		{name: "bad socket errors", text: report + "Socket errors: connect\n", err: "kind of error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.text)
			if tt.err == "" && err != nil {
				t.Fatal(err)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("error %v, want one that says %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
