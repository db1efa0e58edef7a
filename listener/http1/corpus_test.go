package http1

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// arrived is a request as the handler saw it.
type arrived struct{ Method, Target, Host, Body string }

// recorder answers 200 to what is whole and as the failure says to what is not.
type recorder struct {
	mu  sync.Mutex
	got []arrived
}

func (r *recorder) serve(ex *exchange.Exchange) {
	body, err := readAll(ex.Request.Body)
	if failure, ok := errors.AsType[*exchange.Error](err); ok {
		if failure.HTTPStatus() != 0 {
			ex.Respond(failure.HTTPStatus(), textPlain, []byte(failure.Reason))
			_ = ex.Downstream.WriteResponse(ex)
		}
		return
	}
	target := string(ex.Forward.Path)
	if ex.Forward.HasQuery {
		target += "?" + string(ex.Forward.Query)
	}
	r.mu.Lock()
	r.got = append(r.got, arrived{string(ex.Request.MethodToken), target, string(ex.Host), body})
	r.mu.Unlock()
	ex.Respond(200, textPlain, []byte("seen"))
	_ = ex.Downstream.WriteResponse(ex)
}

// TestCorpus sends every case to a real listener: each refusal has its status, closes
// the connection, is counted by its reason, and reaches no handler.
func TestCorpus(t *testing.T) {
	for _, tt := range wiretest.Requests() {
		t.Run(tt.Name, func(t *testing.T) {
			t.Parallel()
			seen := new(recorder)
			r := newRig(t, nil, seen.serve)
			c := r.dial(t)
			// A refusal can come, and the connection close, before all is sent.
			sent := make(chan bool)
			go func() {
				defer close(sent)
				_, _ = io.WriteString(c.TCPConn, tt.Raw)
				_ = c.CloseWrite()
			}()
			var want []arrived
			for _, v := range append([]wiretest.Verdict{tt.Want}, tt.Then...) {
				c.wantVerdict(r, v)
				if v.Status != 0 {
					break
				}
				want = append(want, arrived{v.Method, v.Target, v.Host, v.Body})
				if v.Closes {
					break
				}
			}
			c.wantClosed()
			<-sent
			seen.mu.Lock()
			defer seen.mu.Unlock()
			if diff := cmp.Diff(want, seen.got); diff != "" {
				t.Errorf("what reached the handler (-want +got):\n%s", diff)
			}
		})
	}
}

// wantVerdict reads one response and holds it against a verdict.
func (c *client) wantVerdict(r *rig, v wiretest.Verdict) {
	c.t.Helper()
	first, err := c.r.Peek(len("HTTP/1.1 100"))
	for err == nil && string(first) == "HTTP/1.1 100" {
		if _, err := http.ReadResponse(c.r, nil); err != nil {
			c.t.Fatal(err)
		}
		first, err = c.r.Peek(len("HTTP/1.1 100"))
	}
	res, _ := c.response(v.Method)
	want := v.Status
	if want == 0 {
		want = 200
	}
	if res.StatusCode != want {
		c.t.Errorf("status %d, want %d", res.StatusCode, want)
	}
	if v.Status == 0 {
		return
	}
	if !res.Close {
		c.t.Error("no Connection: close with the refusal")
	}
	if n := r.server.Stats.Refused(v.Reason); n != 1 {
		c.t.Errorf("%s counted %d times", v.Reason, n)
	}
}
