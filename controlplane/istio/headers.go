package istio

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	api "istio.io/api/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// edits are header operations translated.
type edits struct {
	request, response *config.HeaderModifier
	// authority is the value of Host or :authority in request.set, else in request.add.
	authority string
}

func headerEdits(a at, in *api.Headers) edits {
	var e edits
	e.request, e.authority = modifier(a.in("request"), in.GetRequest(), true)
	e.response, _ = modifier(a.in("response"), in.GetResponse(), false)
	return e
}

func (e edits) filters() []*config.HttpFilter {
	var out []*config.HttpFilter
	if e.request != nil {
		out = append(out, &config.HttpFilter{Kind: &config.HttpFilter_RequestHeaders{RequestHeaders: e.request}})
	}
	if e.response != nil {
		out = append(out, &config.HttpFilter{Kind: &config.HttpFilter_ResponseHeaders{ResponseHeaders: e.response}})
	}
	return out
}

// modifier translates operations of one direction. Envoy removes before it sets and adds; the
// contract removes last. So a name that is removed and set is only set, and one that is removed and
// added is set instead.
func modifier(a at, in *api.Headers_HeaderOperations, request bool) (*config.HeaderModifier, string) {
	if in == nil {
		return nil, ""
	}
	out, authority := &config.HeaderModifier{}, ""
	removed := map[string]bool{}
	for i, name := range in.GetRemove() {
		if checkField(a.in("remove[%d]", i), name) {
			removed[strings.ToLower(name)] = true
		}
	}
	for _, op := range []struct {
		name   string
		values map[string]string
	}{{"set", in.GetSet()}, {"add", in.GetAdd()}} {
		for _, name := range slices.Sorted(maps.Keys(op.values)) {
			value, b := op.values[name], a.in("%s[%s]", op.name, name)
			if request && isAuthority(name) {
				if authority == "" {
					authority = value
				}
				continue
			}
			if !checkField(b, name) || !checkValue(b, value) {
				continue
			}
			line := &config.HeaderValue{Name: strings.ToLower(name), Value: literal(b, value)}
			if op.name == "set" || removed[line.Name] && !sets(out, line.Name) {
				out.Set = append(out.Set, line)
			} else {
				out.Add = append(out.Add, line)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(removed)) {
		if !sets(out, name) {
			out.Remove = append(out.Remove, name)
		}
	}
	if len(out.Set)+len(out.Add)+len(out.Remove) == 0 {
		return nil, authority
	}
	return out, authority
}

func sets(m *config.HeaderModifier, name string) bool {
	return slices.ContainsFunc(m.Set, func(v *config.HeaderValue) bool { return v.Name == name })
}

func isAuthority(name string) bool {
	return strings.EqualFold(name, "host") || strings.EqualFold(name, ":authority")
}

// checkField reports whether a field may be edited.
func checkField(a at, name string) bool {
	switch lower := strings.ToLower(name); {
	case isAuthority(name):
		a.warn(Invalid, "%q cannot be edited here: it has no effect", name)
	case !isToken(name):
		a.fail(Invalid, "%q is not a field name: it has no effect", name)
	case framing(lower):
		a.fail(Invalid, "%q frames the message or the connection and cannot be edited: it has no effect", name)
	default:
		return true
	}
	return false
}

func framing(lower string) bool {
	switch lower {
	case "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

func checkValue(a at, value string) bool {
	if i := strings.IndexFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }); i >= 0 {
		a.fail(Invalid, "has a control character: it has no effect")
		return false
	}
	return true
}

var command = regexp.MustCompile(`%[A-Z][A-Z0-9_]*(\([^%]*\))?(:\d+)?%`)

// literal returns a value as Envoy sends it, "%%" read as "%". Commands such as "%START_TIME%" are
// not expanded.
func literal(a at, value string) string {
	value = strings.ReplaceAll(value, "%%", "\x00")
	if c := command.FindString(value); c != "" {
		a.warn(Literal, "%s is sent as it is written: commands are not expanded yet", c)
	}
	return strings.ReplaceAll(value, "\x00", "%")
}

// checkRewriteRegex reports whether a rewrite by expression can be used.
func checkRewriteRegex(a at, in *api.RegexRewrite) bool {
	re, err := regexp.Compile(in.GetMatch())
	if in.GetMatch() == "" || err != nil {
		a.in("match").fail(InvalidRegex, "%q is not an expression: answered 500", in.GetMatch())
		return false
	}
	for s := in.GetRewrite(); ; {
		_, after, ok := strings.Cut(s, `\`)
		if !ok {
			return true
		}
		if after == "" || after[0] != '\\' && (after[0] < '0' || after[0] > '9' || int(after[0]-'0') > re.NumSubexp()) {
			a.in("rewrite").fail(Invalid, `%q: "\" must come before a backslash or the number of a group, 0 to %d; answered 500`,
				in.GetRewrite(), re.NumSubexp())
			return false
		}
		s = after[1:]
	}
}
