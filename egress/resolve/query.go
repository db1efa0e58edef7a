package resolve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// maxChain bounds the CNAME records followed for one name.
	maxChain = 16
	// maxUDP is the answer size we take over UDP: it fits any path unfragmented
	// (DNS Flag Day 2020).
	maxUDP = 1232
	// maxNegativeTTL bounds what a SOA may say of a name that does not exist
	// (RFC 2308 §5).
	maxNegativeTTL = 3 * time.Hour
)

// lookupType returns the addresses of one family. A server that answers with a CNAME
// alone is asked for its target.
func lookupType(ctx context.Context, conf *dns.ClientConfig, name string, qtype uint16) (Answer, error) {
	ttl := time.Duration(math.MaxInt64)
	for hops := 0; hops <= maxChain; {
		reply, err := ask(ctx, conf, name, qtype)
		if err != nil {
			return Answer{}, err
		}
		chain := follow(reply, name, qtype)
		ttl = min(ttl, chain.ttl)
		if len(chain.addrs) > 0 {
			return Answer{Addrs: chain.addrs, TTL: ttl}, nil
		}
		if chain.hops == 0 || reply.Rcode == dns.RcodeNameError {
			return Answer{TTL: min(ttl, negativeTTL(reply))}, nil
		}
		hops += chain.hops
		name = chain.name
	}
	return Answer{}, fmt.Errorf("resolve: %s: more than %d CNAME records", name, maxChain)
}

// chain is what a reply says of a name.
type chain struct {
	name  string // where its CNAME records lead
	hops  int
	addrs []netip.Addr
	ttl   time.Duration // the least on the way
}

// follow walks the reply's CNAME records from name and collects the addresses at their
// end. Records of other names are not looked at: nobody asked for them.
func follow(reply *dns.Msg, name string, qtype uint16) chain {
	c := chain{name: name, ttl: math.MaxInt64}
	for c.hops <= maxChain {
		next := ""
		for _, rr := range reply.Answer {
			h := rr.Header()
			if !strings.EqualFold(h.Name, c.name) || h.Class != dns.ClassINET {
				continue
			}
			if addr := address(rr, qtype); addr.IsValid() {
				c.addrs = append(c.addrs, addr)
			} else if cname, ok := rr.(*dns.CNAME); ok {
				next = cname.Target
			} else {
				continue
			}
			c.ttl = min(c.ttl, seconds(h.Ttl))
		}
		if next == "" || len(c.addrs) > 0 {
			return c
		}
		c.name = next
		c.hops++
	}
	return c
}

func address(rr dns.RR, qtype uint16) (addr netip.Addr) {
	switch rr := rr.(type) {
	case *dns.A:
		if qtype == dns.TypeA {
			addr, _ = netip.AddrFromSlice(rr.A.To4())
		}
	case *dns.AAAA:
		if qtype == dns.TypeAAAA {
			addr, _ = netip.AddrFromSlice(rr.AAAA.To16())
			addr = addr.Unmap()
		}
	}
	return addr
}

// negativeTTL is how long a name's absence holds, RFC 2308 §5; 0 if nothing is said.
func negativeTTL(reply *dns.Msg) time.Duration {
	for _, rr := range reply.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return min(seconds(min(soa.Minttl, soa.Hdr.Ttl)), maxNegativeTTL)
		}
	}
	return 0
}

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }

// ask asks one server after another, as often as resolv.conf says, until one gives an
// answer, positive or negative.
func ask(ctx context.Context, conf *dns.ClientConfig, name string, qtype uint16) (*dns.Msg, error) {
	query := new(dns.Msg)
	query.SetQuestion(name, qtype)
	query.SetEdns0(maxUDP, false)
	var failures []error
	for range max(1, conf.Attempts) {
		for _, server := range conf.Servers {
			reply, err := askServer(ctx, conf, query, net.JoinHostPort(server, conf.Port))
			if err == nil {
				return reply, nil
			}
			failures = append(failures, fmt.Errorf("%s %s at %s: %w", name, dns.TypeToString[qtype], server, err))
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}
	return nil, errors.Join(failures...)
}

var errOtherQuestion = errors.New("the reply answers another question")

func askServer(ctx context.Context, conf *dns.ClientConfig, query *dns.Msg, server string) (*dns.Msg, error) {
	query.Id = dns.Id()
	client := dns.Client{Net: "udp", UDPSize: maxUDP, Timeout: waitFor(conf)}
	reply, _, err := client.ExchangeContext(ctx, query, server)
	if err == nil && reply.Truncated {
		client.Net = "tcp"
		reply, _, err = client.ExchangeContext(ctx, query, server)
	}
	if err != nil {
		return nil, err
	}
	q := query.Question[0]
	if len(reply.Question) != 1 || reply.Question[0].Qtype != q.Qtype || !strings.EqualFold(reply.Question[0].Name, q.Name) {
		return nil, errOtherQuestion
	}
	if reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError {
		return nil, errors.New(dns.RcodeToString[reply.Rcode])
	}
	return reply, nil
}
