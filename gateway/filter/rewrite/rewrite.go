// Package rewrite changes the target that goes upstream: its path and its authority.
// The facts of the request stay as they are; only Exchange.Forward changes.
//
// A path whose rewriting makes a dot segment is refused with 400: the origin would find
// another resource than the one whose route was matched.
package rewrite

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/routing/rewrite"
)

type target struct {
	path      *rewrite.Path
	authority []byte
}

// New compiles a rewrite. Errors name the field.
func New(u *config.UrlRewrite) (filter.Filter, error) {
	t := &target{authority: []byte(u.GetAuthority())}
	if u.GetPath() != nil {
		p, err := rewrite.Compile(u.GetPath())
		if err != nil {
			return nil, fmt.Errorf("path.%w", err)
		}
		t.path = p
	}
	if strings.ContainsFunc(u.GetAuthority(), notAuthority) {
		return nil, fmt.Errorf("authority: %q is not a host", u.GetAuthority())
	}
	if t.path == nil && len(t.authority) == 0 {
		return nil, errors.New("neither path nor authority is set")
	}
	return t, nil
}

// notAuthority reports runes that cannot stand in host[:port] (RFC 3986 §3.2).
func notAuthority(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`/?#@\"<>^{|}%`+"`", r)
}

func (*target) Kind() filter.Kind { return filter.KindRewrite }

func (t *target) Request(ex *exchange.Exchange) filter.Verdict {
	if t.path != nil {
		path := t.path.Apply(ex)
		if err := wire.CheckRewritten(ex.Scratch(len(path))[:0], path); err != nil {
			ex.Failure = err
			ex.Respond(err.HTTPStatus(), plain, body)
			return filter.Respond
		}
		ex.Forward.Path = path
	}
	if len(t.authority) > 0 {
		ex.Forward.Authority = t.authority
	}
	return filter.Continue
}

var (
	plain = []byte("text/plain")
	body  = []byte("the path cannot be rewritten safely\n")
)

func (*target) Response(*exchange.Exchange) filter.Verdict { return filter.Continue }
