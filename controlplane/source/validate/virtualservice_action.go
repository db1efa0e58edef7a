package validate

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	networking "istio.io/api/networking/v1alpha3"
)

// subsetName is an RFC 1123 label that may have capitals.
var subsetName = regexp.MustCompile(`^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$`)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (l *list) subnets(at *Path, subnets []string) {
	for i, s := range subnets {
		_, err := netip.ParsePrefix(s)
		l.check(err == nil || isAddress(s), at.Field("destinationSubnets").Index(i), "%q is not an address or CIDR", s)
	}
}

// rewrite demands something to write. An empty uri counts as none: it would leave a request without a path.
func (l *list) rewrite(at *Path, r *networking.HTTPRewrite) {
	if r == nil {
		return
	}
	re := r.UriRegexRewrite
	l.check(r.Uri != "" || re != nil || r.Authority != "", at, "uri, uriRegexRewrite or authority required (an empty uri is none)")
	l.check(r.Uri == "" || re == nil, at, "only one of uri and uriRegexRewrite may be set")
	l.headerValue(at.Field("uri"), r.Uri)
	l.headerValue(at.Field("authority"), r.Authority)
	if re != nil {
		at := at.Field("uriRegexRewrite")
		l.check(re.Match != "", at.Field("match"), "required")
		l.check(re.Rewrite != "", at.Field("rewrite"), "required")
		l.istioRegex(at.Field("match"), re.Match)
		l.groups(at.Field("rewrite"), re)
	}
}

// groups demands that a substitution names only groups that the pattern has.
func (l *list) groups(at *Path, r *networking.RegexRewrite) {
	re, err := regexp.Compile(r.Match)
	if err != nil {
		return // reported already
	}
	for i := 0; i+1 < len(r.Rewrite); i++ {
		if r.Rewrite[i] != '\\' {
			continue
		}
		i++
		if c := r.Rewrite[i]; c >= '0' && c <= '9' {
			l.check(int(c-'0') <= re.NumSubexp(), at, `\%c names a group that match does not have`, c)
		}
	}
}

func (l *list) redirect(at *Path, r *networking.HTTPRedirect) {
	if r == nil {
		return
	}
	some := r.Uri != "" || r.Authority != "" || r.Scheme != "" || r.RedirectPort != nil || r.PrefixRewrite != ""
	l.check(some, at, "uri, prefixRewrite, authority, scheme or port required")
	l.check(r.Uri == "" || r.PrefixRewrite == "", at, "only one of uri and prefixRewrite may be set")
	l.headerValue(at.Field("uri"), r.Uri)
	l.headerValue(at.Field("authority"), r.Authority)
	if r.Scheme != "" {
		oneOf(l, at.Field("scheme"), r.Scheme, "http", "https")
	}
	if p, ok := r.RedirectPort.(*networking.HTTPRedirect_Port); ok {
		between(l, at.Field("port"), p.Port, 1, 65535)
	}
	switch r.RedirectCode {
	case 0, 301, 302, 303, 307, 308:
	default:
		l.add(at.Field("redirectCode"), "%d is not one of [301 302 303 307 308]", r.RedirectCode)
	}
}

// retryOn lists Envoy's conditions for HTTP and gRPC that istiod accepts; status codes are accepted beside them.
var retryOn = []string{
	"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited", "retriable-4xx",
	"refused-stream", "retriable-status-codes", "retriable-headers", "http3-post-connect-failure",
	"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
}

func (l *list) retries(at *Path, r *networking.HTTPRetry) {
	if r == nil {
		return
	}
	l.check(r.Attempts >= 0, at.Field("attempts"), "must not be negative")
	l.check(r.Attempts != 0 || r.RetryOn == "" && r.PerTryTimeout == nil, at,
		"retryOn and perTryTimeout have no meaning with 0 attempts")
	l.span(at.Field("perTryTimeout"), r.PerTryTimeout, 0)
	l.span(at.Field("backoff"), r.Backoff, time.Millisecond)
	if r.RetryOn == "" {
		return
	}
	for on := range strings.SplitSeq(r.RetryOn, ",") {
		on = strings.TrimSpace(on)
		code, err := strconv.Atoi(on)
		ok := err == nil && code >= 100 && code <= 599 || slices.Contains(retryOn, on)
		l.check(ok, at.Field("retryOn"), "%q is neither a retry condition nor a status code", on)
	}
}

func (l *list) fault(at *Path, f *networking.HTTPFaultInjection) {
	if f == nil {
		return
	}
	l.check(f.Abort != nil || f.Delay != nil, at, "abort or delay required")
	if a := f.Abort; a != nil {
		at := at.Field("abort")
		l.percent(at.Field("percentage"), a.Percentage)
		switch t := a.ErrorType.(type) {
		case *networking.HTTPFaultInjection_Abort_HttpStatus:
			between(l, at.Field("httpStatus"), t.HttpStatus, 200, 599)
		case nil:
			l.add(at, "httpStatus or grpcStatus required")
		}
	}
	if d := f.Delay; d != nil {
		at := at.Field("delay")
		l.percent(at.Field("percentage"), d.Percentage)
		between(l, at.Field("percent"), d.GetPercent(), 0, 100)
		l.check(d.HttpDelayType != nil, at, "fixedDelay required")
		l.span(at.Field("fixedDelay"), d.GetFixedDelay(), time.Millisecond)
	}
}

func (l *list) istioCORS(at *Path, c *networking.CorsPolicy) {
	if c == nil {
		return
	}
	for i, o := range c.AllowOrigins {
		l.stringMatch(at.Field("allowOrigins").Index(i), o)
	}
	for i, m := range c.AllowMethods {
		oneOf(l, at.Field("allowMethods").Index(i), m,
			"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*")
	}
	for i, h := range c.AllowHeaders {
		l.headerName(at.Field("allowHeaders").Index(i), h)
	}
	for i, h := range c.ExposeHeaders {
		l.headerName(at.Field("exposeHeaders").Index(i), h)
	}
	l.span(at.Field("maxAge"), c.MaxAge, 0)
	if c.MaxAge != nil {
		l.check(c.MaxAge.Nanos == 0, at.Field("maxAge"), "must be whole seconds")
	}
}

func (l *list) mirrors(at *Path, r *networking.HTTPRoute) {
	if r.Mirror != nil {
		l.destination(at.Field("mirror"), r.Mirror)
		l.check(len(r.Mirrors) == 0, at, "only one of mirror and mirrors may be set")
	}
	l.percent(at.Field("mirrorPercentage"), r.MirrorPercentage)
	for i, m := range r.Mirrors {
		at := at.Field("mirrors").Index(i)
		l.destination(at.Field("destination"), m.Destination)
		l.percent(at.Field("percentage"), m.Percentage)
	}
}
