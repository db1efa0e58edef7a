package resolve

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// server is a DNS server on loopback, over UDP and TCP on one port.
type server struct {
	port    string
	zone    map[string][]string // "name TYPE" to records; "" stands for an empty answer
	rcodes  map[string]int      // by "name TYPE"
	mu      sync.Mutex
	queries []string // "proto name TYPE"
}

func newServer(t *testing.T, s *server) *server {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, s.port, _ = net.SplitHostPort(tcp.Addr().String())
	for _, d := range []*dns.Server{{Listener: tcp}, {PacketConn: udp}} {
		d.Handler = dns.HandlerFunc(s.serve)
		started, done := make(chan bool), make(chan error)
		d.NotifyStartedFunc = func() { close(started) }
		go func() { done <- d.ActivateAndServe() }()
		<-started
		t.Cleanup(func() {
			_ = d.Shutdown()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	return s
}

func (s *server) serve(w dns.ResponseWriter, q *dns.Msg) {
	question := q.Question[0]
	key := strings.ToLower(question.Name) + " " + dns.TypeToString[question.Qtype]
	s.mu.Lock()
	s.queries = append(s.queries, w.LocalAddr().Network()+" "+key)
	s.mu.Unlock()
	m := new(dns.Msg).SetReply(q)
	records, known := s.zone[key]
	if !known {
		m.Rcode = dns.RcodeNameError
		soa, _ := dns.NewRR("example. 900 IN SOA ns.example. a.example. 1 2 3 4 60")
		m.Ns = append(m.Ns, soa)
	}
	if rcode, ok := s.rcodes[key]; ok {
		m.Rcode = rcode
	}
	for _, r := range records {
		switch {
		case r == "other question":
			m.Question[0].Name = "evil.example."
		case r != "":
			rr, err := dns.NewRR(r)
			if err != nil {
				panic(err)
			}
			m.Answer = append(m.Answer, rr)
		}
	}
	if w.LocalAddr().Network() == "udp" {
		m.Truncate(maxUDP)
	}
	_ = w.WriteMsg(m)
}

func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.queries)
	slices.Sort(list)
	return list
}

// client returns a Client of the server, with these files.
func (s *server) client(t *testing.T, conf, hosts string, ipv6 bool) *Client {
	t.Helper()
	dir := t.TempDir()
	o := ClientOptions{ResolvConf: filepath.Join(dir, "resolv.conf"), Hosts: filepath.Join(dir, "hosts"), IPv6: &ipv6}
	for path, content := range map[string]string{o.ResolvConf: conf, o.Hosts: hosts} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := NewClient(o)
	parse := c.conf.parse
	c.conf.parse = func(r io.Reader) (*dns.ClientConfig, error) {
		conf, err := parse(r)
		if err == nil {
			conf.Port = s.port
		}
		return conf, err
	}
	return c
}

const one = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"

func TestLookup(t *testing.T) {
	var many []string
	var manyAddrs []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("many.example. 60 IN A 10.1.0.%d", i))
		manyAddrs = append(manyAddrs, fmt.Sprintf("10.1.0.%d", i))
	}
	var loop []string
	zone := map[string][]string{
		"both.example. A":                    {"both.example. 60 IN A 10.0.0.1", "both.example. 30 IN A 10.0.0.2"},
		"both.example. AAAA":                 {"both.example. 20 IN AAAA fd00::1"},
		"six.example. A":                     {""},
		"six.example. AAAA":                  {"six.example. 20 IN AAAA fd00::6"},
		"many.example. A":                    many,
		"alias.example. A":                   {"alias.example. 90 IN CNAME middle.example.", "middle.example. 9 IN CNAME both.example.", "both.example. 60 IN A 10.0.0.1"},
		"alias.example. AAAA":                {"alias.example. 90 IN CNAME middle.example."},
		"middle.example. AAAA":               {"middle.example. 70 IN CNAME both.example."},
		"unasked.example. A":                 {"unasked.example. 60 IN A 10.0.0.1", "other.example. 60 IN A 10.66.6.6"},
		"sibling.example. A":                 {"other.example. 60 IN A 10.66.6.6"},
		"shop.svc.cluster.local. A":          {"shop.svc.cluster.local. 5 IN A 10.0.0.5"},
		"a.b.svc.cluster.local. A":           {"a.b.svc.cluster.local. 5 IN A 10.0.0.6"},
		"broken.example. A":                  {""},
		"half.example. A":                    {"half.example. 60 IN A 10.0.0.7"},
		"half.example. AAAA":                 {""},
		"lying.example. A":                   {"other question", "lying.example. 60 IN A 10.66.6.6"},
		"mapped.example. AAAA":               {"mapped.example. 60 IN AAAA ::ffff:10.0.0.8"},
		"mapped.example. A":                  {""},
		"first.example.svc.cluster.local. A": {"first.example.svc.cluster.local. 5 IN A 10.0.0.9"},
		"first.example. A":                   {"first.example. 5 IN A 10.0.0.10"},
	}
	for i := range 40 {
		loop = append(loop, fmt.Sprintf("l%d.example. 60 IN CNAME l%d.example.", i, i+1))
	}
	zone["l0.example. A"] = loop
	zone["self.example. A"] = []string{"self.example. 60 IN CNAME self.example."}
	rcodes := map[string]int{
		"broken.example. A": dns.RcodeServerFailure, "broken.example. AAAA": dns.RcodeServerFailure,
		"half.example. AAAA": dns.RcodeServerFailure, "lying.example. AAAA": dns.RcodeRefused,
		"l0.example. AAAA": dns.RcodeRefused, "self.example. AAAA": dns.RcodeRefused,
	}
	cluster := one + "search svc.cluster.local cluster.local\noptions ndots:2\n"
	tests := []struct {
		name  string
		query string
		conf  string
		ipv6  bool
		want  string
		ttl   time.Duration
		err   string
	}{
		{name: "both families", query: "both.example", ipv6: true, want: "10.0.0.1 10.0.0.2 fd00::1", ttl: 20 * time.Second},
		{name: "no IPv6 here", query: "both.example", want: "10.0.0.1 10.0.0.2", ttl: 30 * time.Second},
		{name: "IPv6 alone", query: "six.example", want: "fd00::6", ttl: 20 * time.Second},
		{name: "mapped", query: "mapped.example", want: "10.0.0.8", ttl: time.Minute},
		{name: "truncated over UDP", query: "many.example", want: strings.Join(manyAddrs, " "), ttl: time.Minute},
		{name: "alias, also in steps", query: "alias.example", ipv6: true, want: "10.0.0.1 fd00::1", ttl: 9 * time.Second},
		{name: "endless alias", query: "l0.example", err: "more than 16 CNAME"},
		{name: "alias of itself", query: "self.example", err: "more than 16 CNAME"},
		{name: "records of others", query: "unasked.example", want: "10.0.0.1", ttl: time.Minute},
		{name: "only records of others", query: "sibling.example", want: ""},
		{name: "not there", query: "gone.example", want: "", ttl: time.Minute},
		{name: "server failure", query: "broken.example", err: "SERVFAIL"},
		{name: "one family fails", query: "half.example", want: "10.0.0.7", ttl: time.Minute},
		{name: "another question", query: "lying.example", err: "another question"},
		{name: "hosts file", query: "Static.Example.", want: "10.9.9.9 fd00::9"},
		{name: "search domain", query: "shop", conf: cluster, want: "10.0.0.5", ttl: 5 * time.Second},
		{name: "few dots", query: "a.b", conf: cluster, want: "10.0.0.6", ttl: 5 * time.Second},
		{name: "search before absolute", query: "first.example", conf: cluster + "options ndots:5\n", want: "10.0.0.9", ttl: 5 * time.Second},
		{name: "absolute", query: "first.example.", conf: cluster + "options ndots:5\n", want: "10.0.0.10", ttl: 5 * time.Second},
		{name: "no server", query: "both.example", conf: "# nothing\n", err: "names no server"},
		{name: "no name", query: "a..b", err: "is not a name"},
		{name: "too long", query: strings.Repeat("abcdefghi.", 26), err: "is not a name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, &server{zone: zone, rcodes: rcodes})
			conf := tt.conf
			if conf == "" {
				conf = one
			}
			c := s.client(t, conf, "# static\n10.9.9.9 static.example other # x\nfd00::9 STATIC.example\nbad line\n", tt.ipv6)
			got, err := c.Lookup(context.Background(), tt.query)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, error %v, want %s", got, err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parse(tt.want), got.Addrs, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" || got.TTL != tt.ttl {
				t.Errorf("ttl %v, want %v: %s; asked %q", got.TTL, tt.ttl, diff, s.asked())
			}
		})
	}
}

func TestTruncationAsksOverTCP(t *testing.T) {
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("many.example. 60 IN A 10.1.0.%d", i))
	}
	s := newServer(t, &server{zone: map[string][]string{"many.example. A": many}})
	c := s.client(t, one, "", false)
	if _, err := c.Lookup(context.Background(), "many.example"); err != nil {
		t.Fatal(err)
	}
	want := []string{"tcp many.example. A", "udp many.example. A", "udp many.example. AAAA"}
	if diff := cmp.Diff(want, s.asked()); diff != "" {
		t.Error(diff)
	}
}

// A server that is gone is passed over for the next one.
func TestNextServer(t *testing.T) {
	s := newServer(t, &server{zone: map[string][]string{"a.example. A": {"a.example. 60 IN A 10.0.0.1"}}})
	c := s.client(t, "nameserver 127.0.0.99\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n", "", false)
	got, err := c.Lookup(context.Background(), "a.example")
	if err != nil || len(got.Addrs) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestFilesAreReadAgain(t *testing.T) {
	s := newServer(t, &server{})
	c := s.client(t, one, "10.0.0.1 a\n", false)
	for i, content := range []string{"10.0.0.1 a\n", "10.0.0.22 a\n"} {
		if err := os.WriteFile(c.hosts.path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := c.Lookup(context.Background(), "a")
		if err != nil || len(got.Addrs) != 1 || got.Addrs[0] != parse("10.0.0.1 10.0.0.22")[i] {
			t.Errorf("%v, %v", got, err)
		}
	}
	_ = os.Remove(c.conf.path)
	if _, err := c.Lookup(context.Background(), "b"); err == nil {
		t.Error("no error without a resolv.conf")
	}
}

func FuzzParseHosts(f *testing.F) {
	f.Add("127.0.0.1 localhost\n::1 localhost ip6-localhost # loopback\n")
	f.Add("10.0.0.1 a.b. A.B\n\n#\nx y\n")
	f.Fuzz(func(t *testing.T, content string) {
		table, err := parseHosts(strings.NewReader(content))
		if err != nil {
			return
		}
		for name, addrs := range table {
			if name != strings.ToLower(name) || len(addrs) == 0 || !addrs[0].IsValid() {
				t.Errorf("%q: %v", name, addrs)
			}
		}
	})
}

// What a DNS server sends is walked in bounded steps and gives only valid addresses.
func FuzzFollow(f *testing.F) {
	m := new(dns.Msg).SetQuestion("a.example.", dns.TypeA)
	m.Response = true
	for _, r := range []string{"a.example. 60 IN CNAME b.example.", "b.example. 60 IN A 10.0.0.1"} {
		rr, _ := dns.NewRR(r)
		m.Answer = append(m.Answer, rr)
	}
	seed, _ := m.Pack()
	f.Add(seed)
	f.Fuzz(func(t *testing.T, packet []byte) {
		m := new(dns.Msg)
		if m.Unpack(packet) != nil {
			return
		}
		for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
			c := follow(m, "a.example.", qtype)
			if c.hops > maxChain+1 || len(c.addrs) > len(m.Answer) {
				t.Errorf("%+v", c)
			}
			for _, a := range c.addrs {
				if !a.IsValid() {
					t.Error("an address is not valid")
				}
			}
			negativeTTL(m)
		}
	})
}
