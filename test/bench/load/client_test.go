package load

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTally(t *testing.T) {
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if count.Add(1)%5 == 0 {
			w.Header().Set("X-Origin", "b")
			return
		}
		w.Header().Set("X-Origin", "a")
	}))
	defer server.Close()
	got, err := Tally(t.Context(), server.URL, 101, 4)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"a": 81, "b": 20}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTallyRefused(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if _, err := Tally(t.Context(), server.URL, 10, 2); err == nil || !strings.Contains(err.Error(), "status 404") {
		t.Errorf("error %v, want status 404", err)
	}
}

func TestOpenIdle(t *testing.T) {
	var open atomic.Int64
	closed := make(chan struct{}, 20)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/small" {
			t.Errorf("path %s", r.URL.Path)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			closed <- struct{}{}
		default:
		}
	}
	server.Start()
	defer server.Close()
	idle, err := OpenIdle(t.Context(), server.Listener.Addr().String(), "/api/small", 20)
	if err != nil {
		t.Fatal(err)
	}
	if got := open.Load(); got != 20 {
		t.Errorf("%d connections open, want 20", got)
	}
	if got := idle.Open(); got != 20 {
		t.Errorf("%d connections seem open to the client, want 20", got)
	}
	server.CloseClientConnections()
	for range 20 {
		<-closed
	}
	if got := idle.Open(); got != 0 {
		t.Errorf("%d connections seem open after the server closed all", got)
	}
	idle.Close()
}

func TestOpenIdleRefused(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{name: "status", handler: http.NotFound, want: "status 404"},
		{
			name:    "closed",
			handler: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") },
			want:    "connection closed: true",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.handler)
			defer server.Close()
			_, err := OpenIdle(t.Context(), server.Listener.Addr().String(), "/", 3)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
