package snapshot

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/routing/rewrite"
)

func compileRedirect(r *config.Redirect) (*Redirect, error) {
	out := &Redirect{
		status: int(r.GetStatus()), scheme: r.GetScheme(), host: []byte(r.GetHost()),
		port: uint16(r.GetPort()), portFrom: r.GetPortFrom(),
	}
	switch out.status {
	case 0:
		out.status = 302
	case 301, 302, 303, 307, 308:
	default:
		return nil, fmt.Errorf("http.redirect.status: %d is not a redirect", out.status)
	}
	if s := out.scheme; s != "" && s != "http" && s != "https" {
		return nil, fmt.Errorf("http.redirect.scheme: %q is neither http nor https", s)
	}
	if strings.ContainsFunc(r.GetHost(), func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`/?#@\"<>`, c) }) {
		return nil, fmt.Errorf("http.redirect.host: %q is not a host", r.GetHost())
	}
	if r.GetPath() != nil {
		p, err := rewrite.Compile(r.GetPath())
		if err != nil {
			return nil, fmt.Errorf("http.redirect.path.%w", err)
		}
		out.path = p
	}
	return out, nil
}

var (
	locationName = []byte("location")
	slash        = []byte("/")
	noBytes      []byte
)

// Respond answers the request with the redirect. The Location is always an absolute URI
// of a scheme, an authority that passed the grammar and a path that begins with "/": it
// cannot be made to lead elsewhere by what the client sent in its path.
func (r *Redirect) Respond(ex *exchange.Exchange) {
	path := ex.Path
	if r.path != nil {
		path = r.path.Apply(ex)
	}
	if path[0] != '/' { // "*": the host would run on into it
		path = slash
	}
	var buf [512]byte
	b := append(buf[:0], r.resultScheme(ex)...)
	b = append(b, "://"...)
	if len(r.host) > 0 {
		b = append(b, r.host...)
	} else {
		b = append(b, ex.Host...)
	}
	if port := r.resultPort(ex); port != 0 && !wellKnown(r.resultScheme(ex), port) {
		b = append(b, ':')
		b = strconv.AppendUint(b, uint64(port), 10)
	}
	b = append(b, path...)
	if ex.HasQuery {
		b = append(b, '?')
		b = append(b, ex.Query...)
	}
	ex.Respond(r.status, nil, noBytes)
	ex.Response.Fields.Append(exchange.Field{
		Name: locationName, Value: bytes.Clone(b), ID: exchange.FieldLocation,
	})
}

func (r *Redirect) resultScheme(ex *exchange.Exchange) string {
	if r.scheme != "" {
		return r.scheme
	}
	return ex.Scheme.String()
}

func (r *Redirect) resultPort(ex *exchange.Exchange) uint16 {
	switch {
	case r.port != 0:
		return r.port
	case r.portFrom == config.Redirect_PORT_FROM_REQUEST:
		return ex.AuthorityPort
	case r.portFrom == config.Redirect_PORT_FROM_SCHEME, r.scheme != "":
		return 0 // the scheme's own, which is not written
	}
	return ex.ListenerPort
}

func wellKnown(scheme string, port uint16) bool {
	return scheme == "http" && port == 80 || scheme == "https" && port == 443
}
