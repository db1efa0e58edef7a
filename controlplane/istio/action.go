package istio

import (
	"net"
	"slices"
	"strconv"
	"strings"

	api "istio.io/api/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

const maxBody = 1 << 20 // bytes, as Istio's webhook has it

// act sets the action and the filters of a rule. The first of redirect, directResponse and route
// counts, as in Istio.
func (t *vsTranslation) act(r *rule, port uint32, out *config.HttpRule) {
	in := r.http
	headers := headerEdits(r.at.in("headers"), in.GetHeaders())
	out.Filters = headers.filters()
	switch {
	case in.GetRedirect() != nil:
		t.reportExtra(r, "redirect", len(in.GetRoute()) > 0, in.GetDirectResponse() != nil, in.GetRewrite() != nil)
		t.redirect(r, out)
	case in.GetDirectResponse() != nil:
		t.reportExtra(r, "directResponse", len(in.GetRoute()) > 0, false, in.GetRewrite() != nil)
		directResponse(r, out)
	case len(in.GetRoute()) > 0:
		rewrite, ok := urlRewrite(r.at.in("rewrite"), in.GetRewrite(), headers.authority)
		if !ok {
			out.Action = refuse("the rewrite is not permitted")
			return
		}
		if rewrite != nil {
			out.Filters = append(out.Filters, rewriteFilter(rewrite))
		}
		out.Action = forwarding{t, r, port, rewrite.GetAuthority() != ""}.action()
	default:
		r.at.fail(Invalid, "has none of route, redirect, directResponse and delegate: answered 500")
		out.Action = refuse("no route, redirect or directResponse")
	}
}

func (t *vsTranslation) reportExtra(r *rule, used string, route, direct, rewrite bool) {
	for name, set := range map[string]bool{"route": route, "directResponse": direct, "rewrite": rewrite} {
		if set {
			r.at.in("%s", name).fail(Invalid, "has no effect beside %s", used)
		}
	}
}

// refuse is the action of a rule that cannot be translated. Its requests must not fall through
// to a later rule.
func refuse(reason string) *config.HttpRule_Forward {
	return &config.HttpRule_Forward{Forward: &config.Forward{Backends: []*config.WeightedBackend{{
		Target: &config.WeightedBackend_Failure{Failure: &config.Failure{Status: 500, Reason: reason}},
		Weight: 1,
	}}}}
}

func rewriteFilter(r *config.UrlRewrite) *config.HttpFilter {
	return &config.HttpFilter{Kind: &config.HttpFilter_Rewrite{Rewrite: r}}
}

// urlRewrite translates a rewrite; its authority beats the one from headers. Nil: nothing to
// rewrite. False: it cannot be used.
func urlRewrite(a at, in *api.HTTPRewrite, fromHeaders string) (*config.UrlRewrite, bool) {
	out := &config.UrlRewrite{Authority: fromHeaders}
	if in.GetAuthority() != "" {
		out.Authority = in.GetAuthority()
	}
	regex := in.GetUriRegexRewrite()
	switch {
	case regex != nil:
		if in.GetUri() != "" {
			a.in("uri").fail(Invalid, "has no effect beside uriRegexRewrite")
		}
		if !checkRewriteRegex(a.in("uriRegexRewrite"), regex) {
			return nil, false
		}
		out.Path = &config.PathRewrite{Kind: &config.PathRewrite_Regex{Regex: &config.RegexRewrite{
			Pattern: regex.GetMatch(), Substitution: regex.GetRewrite(),
		}}}
	case in.GetUri() != "":
		if !strings.HasPrefix(in.GetUri(), "/") || strings.ContainsAny(in.GetUri(), "?#") {
			a.in("uri").fail(Invalid, "%q is not a path: answered 500", in.GetUri())
			return nil, false
		}
		out.Path = &config.PathRewrite{Kind: &config.PathRewrite_ReplacePrefix{ReplacePrefix: in.GetUri()}}
	case in != nil && in.GetAuthority() == "":
		a.warn(Invalid, "rewrites neither uri nor authority")
	}
	if out.Path == nil && out.Authority == "" {
		return nil, true
	}
	return out, true
}

func (t *vsTranslation) redirect(r *rule, out *config.HttpRule) {
	in, a := r.http.GetRedirect(), r.at.in("redirect")
	status := in.GetRedirectCode()
	if status == 0 {
		status = 301
	}
	if !slices.Contains([]uint32{301, 302, 303, 307, 308}, status) {
		a.in("redirectCode").fail(Invalid, "%d is not 301, 302, 303, 307 or 308: answered 500", status)
		out.Action = refuse("redirectCode is not permitted")
		return
	}
	host, port := splitAuthority(in.GetAuthority())
	redirect := &config.Redirect{Status: status, Scheme: in.GetScheme(), Host: host, Port: port}
	if s := in.GetScheme(); s != "" && s != "http" && s != "https" {
		a.in("scheme").fail(Invalid, "%q is not http or https: answered 500", s)
		out.Action = refuse("scheme of the redirect is not permitted")
		return
	}
	redirectPort(in, redirect)
	redirect.Path = t.redirectPath(a, in)
	out.Action = &config.HttpRule_Redirect{Redirect: redirect}
}

// redirectPort decides the port of the Location. Without any word of it the client's port stays, if
// neither host nor scheme change.
func redirectPort(in *api.HTTPRedirect, out *config.Redirect) {
	out.PortFrom = config.Redirect_PORT_FROM_SCHEME
	switch p := in.GetRedirectPort().(type) {
	case *api.HTTPRedirect_Port:
		out.Port = p.Port
	case *api.HTTPRedirect_DerivePort:
		if p.DerivePort == api.HTTPRedirect_FROM_REQUEST_PORT {
			out.PortFrom = config.Redirect_PORT_FROM_REQUEST
		}
	case nil:
		if in.GetAuthority() == "" && in.GetScheme() == "" {
			out.PortFrom = config.Redirect_PORT_FROM_REQUEST
		}
	}
}

func (t *vsTranslation) redirectPath(a at, in *api.HTTPRedirect) *config.PathRewrite {
	uri, prefix := in.GetUri(), in.GetPrefixRewrite()
	if uri != "" && prefix != "" {
		a.in("prefixRewrite").fail(Invalid, "has no effect beside uri")
	}
	switch {
	case uri != "":
		if path, _, query := strings.Cut(uri, "?"); query {
			a.in("uri").warn(NotEnforced, "a query here is not written yet: the request's is kept")
			uri = path
		}
		return &config.PathRewrite{Kind: &config.PathRewrite_ReplaceFull{ReplaceFull: uri}}
	case prefix != "":
		return &config.PathRewrite{Kind: &config.PathRewrite_ReplacePrefix{ReplacePrefix: prefix}}
	}
	return nil
}

func splitAuthority(authority string) (string, uint32) {
	host, port, err := net.SplitHostPort(authority)
	if err != nil {
		return authority, 0
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return authority, 0
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host, uint32(n)
}

func directResponse(r *rule, out *config.HttpRule) {
	in, a := r.http.GetDirectResponse(), r.at.in("directResponse")
	var body []byte
	switch b := in.GetBody().GetSpecifier().(type) {
	case *api.HTTPBody_String_:
		body = []byte(b.String_)
	case *api.HTTPBody_Bytes:
		body = b.Bytes
	}
	switch {
	case in.GetStatus() < 200 || in.GetStatus() > 599:
		a.in("status").fail(Invalid, "%d is not a final status, 200 to 599: answered 500", in.GetStatus())
		out.Action = refuse("status of the direct response is not permitted")
	case len(body) > maxBody:
		a.in("body").fail(Invalid, "%d bytes are more than 1 MiB: answered 500", len(body))
		out.Action = refuse("body of the direct response is too large")
	default:
		out.Action = &config.HttpRule_DirectResponse{DirectResponse: &config.DirectResponse{Status: in.GetStatus(), Body: body}}
	}
}
