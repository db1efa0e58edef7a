package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Result is the report of one run of wrk.
type Result struct {
	Requests  int64
	Elapsed   time.Duration
	PerSecond float64
	P50, P99  time.Duration
	Errors    int64 // answers other than 2xx and 3xx, failed connects, reads and writes, timeouts
}

// Parse reads the report that wrk --latency writes:
//
//	Latency Distribution
//	   50%  635.00us
//	   99%    1.43ms
//	1266 requests in 10.01s, 1.52MB read
//	Socket errors: connect 0, read 2, write 0, timeout 0
//	Non-2xx or 3xx responses: 7
//	Requests/sec:    126.49
//
// The two lines of errors are there only if there were errors.
func Parse(text string) (Result, error) {
	var result Result
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		field, err := result.read(line)
		if err != nil {
			return Result{}, fmt.Errorf("line %q: %w", line, err)
		}
		seen[field] = true
	}
	for _, field := range []string{"requests", "rate", "p50", "p99"} {
		if !seen[field] {
			return Result{}, errors.New("no " + field)
		}
	}
	return result, nil
}

// read takes one line and names what it held, "" for nothing of interest.
func (r *Result) read(line string) (field string, err error) {
	fields := strings.Fields(line)
	switch {
	case len(fields) == 2 && fields[0] == "50%":
		r.P50, err = time.ParseDuration(fields[1])
		return "p50", err
	case len(fields) == 2 && fields[0] == "99%":
		r.P99, err = time.ParseDuration(fields[1])
		return "p99", err
	case len(fields) >= 4 && fields[1] == "requests" && fields[2] == "in":
		return "requests", r.readRequests(fields)
	case len(fields) == 2 && fields[0] == "Requests/sec:":
		r.PerSecond, err = strconv.ParseFloat(fields[1], 64)
		return "rate", err
	case strings.HasPrefix(line, "Socket errors:"):
		return "socket errors", r.readSocketErrors(line)
	case strings.HasPrefix(line, "Non-2xx or 3xx responses:"):
		return "refusals", r.addErrors(fields[len(fields)-1])
	}
	return "", nil
}

// readRequests takes "1266 requests in 10.01s, 1.52MB read".
func (r *Result) readRequests(fields []string) (err error) {
	if r.Requests, err = strconv.ParseInt(fields[0], 10, 64); err != nil {
		return err
	}
	r.Elapsed, err = time.ParseDuration(strings.TrimSuffix(fields[3], ","))
	return err
}

// readSocketErrors takes "Socket errors: connect 0, read 2, write 0, timeout 0".
func (r *Result) readSocketErrors(line string) error {
	_, kinds, _ := strings.Cut(line, ":")
	for kind := range strings.SplitSeq(kinds, ",") {
		fields := strings.Fields(kind)
		if len(fields) != 2 {
			return fmt.Errorf("kind of error %q", kind)
		}
		if err := r.addErrors(fields[1]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Result) addErrors(number string) error {
	n, err := strconv.ParseInt(number, 10, 64)
	r.Errors += n
	return err
}
