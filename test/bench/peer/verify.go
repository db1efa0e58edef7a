package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/fairlead-mesh/fairlead/test/bench/manifest"
	"github.com/fairlead-mesh/fairlead/test/bench/process"
)

// Await polls the URL until it answers 200. It gives up at the deadline, or when the process ends.
func Await(ctx context.Context, p *process.Process, url string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	client := newClient()
	defer client.CloseIdleConnections()
	for {
		last := "no answer"
		if got, err := get(ctx, client, url); err == nil {
			if got.status == http.StatusOK {
				return nil
			}
			last = fmt.Sprintf("status %d", got.status)
		}
		select {
		case <-p.Ended():
			return p.Failure()
		case <-ctx.Done():
			return fmt.Errorf("%s: %s within %v; %w", url, last, limit, p.Failure())
		case <-ticker.C:
		}
	}
}

// Verify checks that the proxy at url does the work that all are compared by. A proxy that does less would win.
func Verify(ctx context.Context, url string) error {
	client := newClient()
	defer client.CloseIdleConnections()
	var faults []error
	for _, check := range checks {
		got, err := get(ctx, client, url+check.path)
		if err == nil {
			err = check.holds(got)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", check.path, err))
		}
	}
	return errors.Join(faults...)
}

// answer is what came back for one request.
type answer struct {
	status int
	header http.Header
	body   string
}

type check struct {
	path  string
	holds func(answer) error
}

var checks = []check{
	{path: "/api/echo/a?b=c", holds: func(got answer) error {
		return errors.Join(
			rewritten(got, "GET /echo/a?b=c HTTP/1.1"),
			fields("request", got.sent(manifest.RequestField), manifest.RequestValue),
			fields("response", got.header.Values(manifest.ResponseField), manifest.ResponseValue))
	}},
	{path: "/shop/echo", holds: func(got answer) error {
		return errors.Join(
			rewritten(got, "GET /echo HTTP/1.1"),
			fields("request", got.sent(manifest.RequestField), clientValue),
			fields("response", got.header.Values(manifest.ResponseField)))
	}},
	{path: "/api/small", holds: func(got answer) error { return whole(got, 100) }},
	{path: "/api/large", holds: func(got answer) error { return whole(got, 64<<10) }},
	{path: "/apix/small", holds: refused},
	{path: "/nowhere", holds: refused},
}

// clientValue is what the client sends in the field that the proxy is to set.
const clientValue = "client"

// rewritten checks the request line that the origin saw.
func rewritten(got answer, line string) error {
	if seen, _, _ := strings.Cut(got.body, "\r\n"); got.status != http.StatusOK || seen != line {
		return fmt.Errorf("status %d, the origin saw %q, want %q", got.status, seen, line)
	}
	return nil
}

// fields checks all values of a header field.
func fields(where string, got []string, want ...string) error {
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s header: values %q, want %q", where, got, want)
	}
	return nil
}

func whole(got answer, size int) error {
	if got.status != http.StatusOK || len(got.body) != size {
		return fmt.Errorf("status %d with %d bytes, want 200 with %d", got.status, len(got.body), size)
	}
	return nil
}

func refused(got answer) error {
	if got.status == http.StatusOK {
		return errors.New("answered 200, but no route permits it")
	}
	return nil
}

// sent lists the values of a field in the head that the origin echoed.
func (a answer) sent(name string) []string {
	var values []string
	for line := range strings.SplitSeq(a.body, "\r\n") {
		field, value, found := strings.Cut(line, ":")
		if found && textproto.CanonicalMIMEHeaderKey(field) == name {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// get sends one request with a value of its own in the field that proxies set.
func get(ctx context.Context, client *http.Client, url string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set(manifest.RequestField, clientValue)
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}, err
}

func newClient() *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableCompression: true}}
}
