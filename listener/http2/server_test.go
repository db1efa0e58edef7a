package http2

import (
	"slices"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

func TestIsPreface(t *testing.T) {
	tests := []struct {
		name, prefix string
		is, more     bool
	}{
		{"nothing", "", false, true},
		{"a part", "PRI * HT", false, true},
		{"whole", wire.HTTP2Preface, true, false},
		{"whole and more", wire.HTTP2Preface + "\x00\x00", true, false},
		{"another method", "GET / HT", false, false},
		{"begins alike", "PRINT / ", false, false},
		{"ends otherwise", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if is, more := IsPreface([]byte(tt.prefix)); is != tt.is || more != tt.more {
				t.Errorf("%v, %v; want %v, %v", is, more, tt.is, tt.more)
			}
		})
	}
}

// eventsUpTo reads events up to this one, or to the end.
func (c *client) eventsUpTo(last string) (all []string) {
	for {
		event := c.next()
		all = append(all, event)
		if event == last || event == "closed" {
			return all
		}
	}
}

func TestResponses(t *testing.T) {
	tests := []struct {
		name    string
		fields  []string
		handler handlerFunc
		want    []string
	}{
		{"expected continue", with("expect", "100-continue"), swallow, []string{"1: 100", "1: 200"}},
		{"continue not waited for", with("expect", "100-continue"), func(ex *exchange.Exchange) {
			ex.Respond(200, textPlain, []byte("no"))
			_ = ex.Downstream.WriteResponse(ex)
		}, []string{"1: 200"}},
		{"early hints", plain, func(ex *exchange.Exchange) {
			_ = ex.Downstream.WriteInformational(&exchange.Head{Status: 103, ContentLength: -1})
			ex.Respond(200, textPlain, []byte("no"))
			_ = ex.Downstream.WriteResponse(ex)
		}, []string{"1: 103", "1: 200", "1: NO_ERROR"}},
		{"not answered", plain, func(*exchange.Exchange) {}, []string{"1: INTERNAL_ERROR"}},
		{"panic", plain, func(*exchange.Exchange) { panic("of a handler") }, []string{"1: INTERNAL_ERROR"}},
		{"answered before the content", plain, func(ex *exchange.Exchange) {
			ex.Respond(200, textPlain, []byte("no"))
			_ = ex.Downstream.WriteResponse(ex)
		}, []string{"1: 200", "1: NO_ERROR"}},
		{"head outside the grammar", plain, func(ex *exchange.Exchange) {
			ex.Respond(200, textPlain, nil)
			ex.Response.Fields.Add([]byte("a"), []byte("1\r\nb: 2"))
			_ = ex.Downstream.WriteResponse(ex)
		}, []string{"1: 500", "1: NO_ERROR"}},
		{"other expectation", with("expect", "more"), swallow, []string{"1: 417", "1: NO_ERROR"}},
		{"too much content", with("content-length", "1000000"), swallow, []string{"1: 413", "1: NO_ERROR"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, &config.HttpSettings{Limits: &config.HttpLimits{ContentBytes: 1000}}, tt.handler)
			c := newClient(t, r.dial(t))
			c.request(1, false, tt.fields...)
			if tt.want[0] == "1: 100" {
				if got := c.next(); got != "1: 100" {
					t.Fatal(got)
				}
				_ = c.fr.WriteData(1, true, []byte("content"))
				tt.want = tt.want[1:]
			}
			if got := c.eventsUpTo(tt.want[len(tt.want)-1]); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			c.request(3, true, plain...)
			if got := c.until("3: "); got == "closed" {
				t.Error("the connection ended with the stream")
			}
		})
	}
}

// A connection that has served as many requests as it may is drained.
func TestRequestsPerConnection(t *testing.T) {
	limits := &config.HttpLimits{RequestsPerConnection: 2}
	r := newRig(t, &config.HttpSettings{Limits: limits}, swallow)
	c := newClient(t, r.dial(t))
	c.request(1, true, plain...)
	c.until("1: 200")
	c.request(3, true, plain...)
	got := c.eventsUpTo("closed")
	for _, want := range []string{"3: 200", "goaway 2147483647: NO_ERROR", "goaway 3: NO_ERROR"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q, want %q among them", got, want)
		}
	}
}

// Streams take turns: a small answer does not wait for a large one.
func TestTurns(t *testing.T) {
	large := make([]byte, 8<<20)
	r := newRig(t, nil, func(ex *exchange.Exchange) {
		if string(ex.Path) == "/large" {
			ex.Respond(200, textPlain, large)
		} else {
			ex.Respond(200, textPlain, make([]byte, 64<<10))
		}
		_ = ex.Downstream.WriteResponse(ex)
	})
	conn := r.dial(t)
	fr := http2.NewFramer(conn, conn)
	fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	_ = fr.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
	_ = fr.WriteWindowUpdate(0, 1<<30)
	for i, path := range []string{"/large", "/small"} {
		_ = fr.WriteHeaders(http2.HeadersFrameParam{
			StreamID: uint32(2*i + 1), EndHeaders: true, EndStream: true,
			BlockFragment: newEncoder(t).encode(replaced(":path", path)...),
		})
	}
	for {
		f, err := fr.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := f.(*http2.DataFrame); ok && data.StreamEnded() {
			if data.StreamID != 3 {
				t.Error("the large answer ended first")
			}
			return
		}
	}
}
