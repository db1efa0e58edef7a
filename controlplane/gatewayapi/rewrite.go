package gatewayapi

import (
	"cmp"
	"slices"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// urlRewrite returns nil if there is nothing to rewrite.
func urlRewrite(in *gwv1.HTTPURLRewriteFilter, field string, prefixes bool, out *faults) *config.UrlRewrite {
	if in == nil {
		out.add(missing(field))
		return nil
	}
	w := &config.UrlRewrite{
		Path:      pathRewrite(in.Path, field+".path", prefixes, out),
		Authority: preciseHost(in.Hostname, field+".hostname", out),
	}
	if w.Path == nil && w.Authority == "" {
		return nil
	}
	return w
}

// redirectStatuses are those the API knows.
var redirectStatuses = []int{301, 302, 303, 307, 308}

// redirect leaves the port to the proxy unless it is given: it depends on the listener.
func redirect(in *gwv1.HTTPRequestRedirectFilter, field string, prefixes bool, out *faults) *config.Redirect {
	if in == nil {
		out.add(missing(field))
		return nil
	}
	r := &config.Redirect{
		Status: uint32(derefOr(in.StatusCode, 302)),
		Scheme: strings.ToLower(deref(in.Scheme)),
		Host:   preciseHost(in.Hostname, field+".hostname", out),
		Port:   uint32(deref(in.Port)),
		Path:   pathRewrite(in.Path, field+".path", prefixes, out),
	}
	if !slices.Contains(redirectStatuses, int(r.Status)) {
		out.add(unsupported(field+".statusCode", "%d is not a redirect that is supported", r.Status))
	}
	if r.Scheme != "" && r.Scheme != "http" && r.Scheme != "https" {
		out.add(unsupported(field+".scheme", "%q is not supported", r.Scheme))
	}
	if in.Port != nil && (*in.Port < 1 || *in.Port > 65535) {
		out.add(unsupported(field+".port", "%d is not a port", *in.Port))
	}
	return r
}

func preciseHost(in *gwv1.PreciseHostname, field string, out *faults) string {
	if in == nil || *in == "" {
		return ""
	}
	host, ok := hostname(string(*in))
	if !ok || isWildcard(host) {
		out.add(unsupported(field, "%q is not a hostname", *in))
	}
	return host
}

// pathRewrite replaces the path. An empty replacement is the root.
func pathRewrite(in *gwv1.HTTPPathModifier, field string, prefixes bool, out *faults) *config.PathRewrite {
	if in == nil {
		return nil
	}
	switch in.Type {
	case gwv1.FullPathHTTPPathModifier:
		path := newPath(in.ReplaceFullPath, field+".replaceFullPath", out)
		return &config.PathRewrite{Kind: &config.PathRewrite_ReplaceFull{ReplaceFull: path}}
	case gwv1.PrefixMatchHTTPPathModifier:
		if !prefixes {
			out.add(unsupported(field+".type", "%s needs every match of the rule to be a PathPrefix", in.Type))
		}
		path := newPath(in.ReplacePrefixMatch, field+".replacePrefixMatch", out)
		return &config.PathRewrite{Kind: &config.PathRewrite_ReplacePrefix{ReplacePrefix: path}}
	}
	out.add(unsupported(field+".type", "%q is not known", in.Type))
	return nil
}

func newPath(in *string, field string, out *faults) string {
	if in == nil {
		out.add(missing(field))
		return ""
	}
	path := cmp.Or(*in, "/")
	if path[0] != '/' {
		out.add(unsupported(field, "%q does not begin with \"/\"", path))
	}
	out.add(textFault(path, field, "?#"))
	return path
}
