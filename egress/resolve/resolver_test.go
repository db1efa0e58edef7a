package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// step is what a script's source says to one lookup.
type step struct {
	addrs string
	ttl   time.Duration
	err   error
}

// script answers lookups in order, the last step for ever, and notes when they came.
type script struct {
	start time.Time
	steps []step
	at    []time.Duration
}

func (s *script) Lookup(context.Context, string) (Answer, error) {
	s.at = append(s.at, time.Since(s.start).Round(time.Second))
	st := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	return Answer{Addrs: parse(st.addrs), TTL: st.ttl}, st.err
}

func parse(list string) (addrs []netip.Addr) {
	for a := range strings.FieldsSeq(list) {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	return addrs
}

func TestWatch(t *testing.T) {
	down := errors.New("SERVFAIL")
	tests := []struct {
		name    string
		watched string
		steps   []step
		watch   time.Duration
		told    []string
		lookups int // most: jitter may bring one more than without
	}{
		{"ttl", "a", []step{{addrs: "10.0.0.1", ttl: time.Minute}}, 10*time.Minute - 1, []string{"10.0.0.1"}, 12},
		{"ttl too short", "a", []step{{addrs: "10.0.0.1"}}, 50*time.Second - 1, []string{"10.0.0.1"}, 12},
		{"ttl too long", "a", []step{{addrs: "10.0.0.1", ttl: time.Hour * 24}}, 25*time.Minute - 1, []string{"10.0.0.1"}, 6},
		{"changes", "a", []step{{addrs: "10.0.0.1"}, {addrs: "10.0.0.1 10.0.0.2"}, {addrs: "10.0.0.2 10.0.0.1"}}, time.Minute, []string{"10.0.0.1", "10.0.0.1 10.0.0.2", "10.0.0.2 10.0.0.1"}, 14},
		{"failures keep the last good", "a", []step{{addrs: "10.0.0.1"}, {err: down}, {err: down}, {addrs: "10.0.0.2"}}, time.Minute, []string{"10.0.0.1", "10.0.0.2"}, 16},
		{"backoff", "a", []step{{err: down}}, 121*time.Second - 1, nil, 9},
		{"never existed", "a", []step{{ttl: time.Minute}}, 3*time.Minute - 1, []string{""}, 5},
		{"denied once", "a", []step{{addrs: "10.0.0.1"}, {}, {addrs: "10.0.0.1"}}, time.Minute, []string{"10.0.0.1"}, 14},
		{"denied twice", "a", []step{{addrs: "10.0.0.1"}, {}, {}}, time.Minute, []string{"10.0.0.1", ""}, 14},
		{"literal", "::ffff:10.0.0.9", []step{{err: down}}, time.Hour, []string{"10.0.0.9"}, 0},
		{"too many", "a", []step{{addrs: "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4"}}, time.Second, []string{"10.0.0.1 10.0.0.2 10.0.0.3"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &script{start: time.Now(), steps: tt.steps}
				r := New(source, Options{MaxAddrs: 3})
				var told []string
				stop := r.Watch(tt.watched, func(addrs []netip.Addr) {
					told = append(told, strings.Trim(fmt.Sprint(addrs), "[]"))
				})
				time.Sleep(tt.watch)
				stop()
				r.Close()
				if diff := cmp.Diff(tt.told, told); diff != "" {
					t.Error(diff)
				}
				if n := len(source.at); n > tt.lookups || n < tt.lookups*3/4 {
					t.Errorf("%d lookups at %v, want about %d", n, source.at, tt.lookups)
				}
			})
		})
	}
}

// slow blocks until its time is over and counts how many do at once.
type slow struct {
	running, most chan int
}

func (s *slow) Lookup(ctx context.Context, _ string) (Answer, error) {
	n := <-s.running + 1
	s.running <- n
	m := <-s.most
	s.most <- max(m, n)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	s.running <- <-s.running - 1
	return Answer{Addrs: parse("10.0.0.1"), TTL: time.Hour}, ctx.Err()
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &slow{running: make(chan int, 1), most: make(chan int, 1)}
		source.running <- 0
		source.most <- 0
		r := New(source, Options{Parallel: 3, MaxNames: 10})
		told := make(chan string, 100)
		var stops []func()
		for i := range 12 {
			name := fmt.Sprint("n", i)
			stops = append(stops, r.Watch(name, func([]netip.Addr) { told <- name }))
		}
		time.Sleep(time.Minute)
		if most := <-source.most; len(told) != 10 || most != 3 {
			t.Errorf("%d names were told", len(told))
		}
		source.most <- 0
		stops[0]()
		synctest.Wait()
		r.Watch("late", func([]netip.Addr) { told <- "late" }) // in place of the one stopped
		time.Sleep(time.Minute)
		if len(told) != 11 {
			t.Errorf("%d names were told", len(told))
		}
		r.Watch("x", func([]netip.Addr) { t.Error("told") })
		r.Close() // while names are watched
		r.Watch("y", func([]netip.Addr) { t.Error("told after Close") })
	})
}

// Stopping does not wait for a lookup under way, and nothing is told afterwards.
func TestStopDuringLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &slow{running: make(chan int, 1), most: make(chan int, 1)}
		source.running <- 0
		source.most <- 0
		r := New(source, Options{})
		stop := r.Watch("a", func([]netip.Addr) { t.Error("told after stop") })
		time.Sleep(time.Second / 2)
		stop()
		time.Sleep(time.Minute)
		r.Close()
	})
}
