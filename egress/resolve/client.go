package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// ClientOptions say where a Client reads how to resolve. Zero values are the system's.
type ClientOptions struct {
	// ResolvConf is a file in the form of resolv.conf(5). Default: /etc/resolv.conf.
	ResolvConf string
	// Hosts is a file in the form of hosts(5). Default: /etc/hosts.
	Hosts string
	// IPv6 is false if IPv6 addresses are of use only to names without an IPv4 address.
	// Default: whether an interface has a global IPv6 address.
	IPv6 *bool
}

// Client looks names up as the system does: the hosts file first, then DNS with search
// domains and ndots, over UDP and, for truncated answers, TCP. Both files are read again
// when they change.
type Client struct {
	ipv6  bool
	conf  file[*dns.ClientConfig]
	hosts file[hostsTable]
}

// NewClient returns a Client. Missing files are noticed by Lookup.
func NewClient(o ClientOptions) *Client {
	c := &Client{
		conf:  file[*dns.ClientConfig]{path: "/etc/resolv.conf", parse: dns.ClientConfigFromReader},
		hosts: file[hostsTable]{path: "/etc/hosts", parse: parseHosts},
	}
	if o.ResolvConf != "" {
		c.conf.path = o.ResolvConf
	}
	if o.Hosts != "" {
		c.hosts.path = o.Hosts
	}
	if o.IPv6 != nil {
		c.ipv6 = *o.IPv6
	} else {
		c.ipv6 = hasGlobalIPv6()
	}
	return c
}

func hasGlobalIPv6() bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() == nil && n.IP.IsGlobalUnicast() {
			return true
		}
	}
	return false
}

// maxName is the longest name in text, RFC 1035 §2.3.4.
const maxName = 253

// Lookup implements Source.
func (c *Client) Lookup(ctx context.Context, name string) (Answer, error) {
	if _, ok := dns.IsDomainName(name); !ok || len(strings.TrimSuffix(name, ".")) > maxName {
		return Answer{}, fmt.Errorf("resolve: %q is not a name", name)
	}
	if hosts, err := c.hosts.read(); err == nil {
		if addrs := hosts[strings.ToLower(strings.TrimSuffix(name, "."))]; len(addrs) > 0 {
			return Answer{Addrs: addrs}, nil
		}
	}
	conf, err := c.conf.read()
	if err != nil {
		return Answer{}, fmt.Errorf("resolve: %w", err)
	}
	if len(conf.Servers) == 0 {
		return Answer{}, fmt.Errorf("resolve: %s names no server", c.conf.path)
	}
	// A failure for one candidate leaves open whether the name exists; a later
	// candidate's answer settles it.
	var negative Answer
	var failures []error
	for _, candidate := range conf.NameList(name) {
		answer, err := c.lookupBoth(ctx, conf, candidate)
		switch {
		case err != nil:
			failures = append(failures, err)
		case len(answer.Addrs) > 0:
			return answer, nil
		default:
			negative = answer
		}
	}
	return negative, errors.Join(failures...)
}

// lookupBoth asks for both families at once.
func (c *Client) lookupBoth(ctx context.Context, conf *dns.ClientConfig, name string) (Answer, error) {
	var v4, v6 Answer
	var err4, err6 error
	var both sync.WaitGroup
	both.Go(func() { v6, err6 = lookupType(ctx, conf, name, dns.TypeAAAA) })
	v4, err4 = lookupType(ctx, conf, name, dns.TypeA)
	both.Wait()
	switch {
	case len(v4.Addrs) == 0 && len(v6.Addrs) == 0:
		return Answer{TTL: min(v4.TTL, v6.TTL)}, errors.Join(err4, err6)
	case len(v6.Addrs) == 0 || len(v4.Addrs) > 0 && !c.ipv6:
		return v4, nil
	case len(v4.Addrs) == 0:
		return v6, nil
	}
	return Answer{Addrs: append(v4.Addrs, v6.Addrs...), TTL: min(v4.TTL, v6.TTL)}, nil
}

// hostsTable maps lower-case names to addresses.
type hostsTable map[string][]netip.Addr

// waitFor returns how long one server may take for one try.
func waitFor(conf *dns.ClientConfig) time.Duration {
	return time.Duration(min(max(conf.Timeout, 1), 10)) * time.Second
}
