package config

import (
	"errors"
	"math"
	"strings"
)

func validateRoute(at *place, r *Route) {
	at.field("name").check(checkName(r.GetName()))
	if r.GetDisplayName() != "" {
		at.field("display_name").check(checkName(r.GetDisplayName()))
	}
	for i, a := range r.GetAttachments() {
		in := at.item("attachments", i)
		in.field("listener").check(checkName(a.GetListener()))
		for j, name := range a.GetHostnames() {
			in.item("hostnames", j).check(checkHostname(name))
		}
	}
	switch rule := r.GetRule().(type) {
	case *Route_Http:
		validateHTTPRule(at.field("http"), rule.Http)
	default:
		at.faultf("unknown kind of rule")
	}
}

func validateHTTPRule(at *place, r *HttpRule) {
	for i, m := range r.GetMatches() {
		validateMatch(at.item("matches", i), m)
	}
	switch a := r.GetAction().(type) {
	case *HttpRule_Forward:
		validateForward(at.field("forward"), a.Forward)
	case *HttpRule_Redirect:
		validateRedirect(at.field("redirect"), a.Redirect)
	case *HttpRule_DirectResponse:
		validateDirectResponse(at.field("direct_response"), a.DirectResponse)
	default:
		at.faultf("unknown kind of action")
	}
	validateFilters(at, r.GetFilters())
}

func validateMatch(at *place, m *HttpMatch) {
	if m.GetPath() != nil {
		validatePathMatch(at.field("path"), m.GetPath())
	}
	for _, s := range []struct {
		name  string
		match *StringMatch
	}{{"method", m.GetMethod()}, {"scheme", m.GetScheme()}, {"authority", m.GetAuthority()}} {
		if s.match != nil {
			validateStringMatch(at.field(s.name), s.match)
		}
	}
	for i, h := range m.GetHeaders() {
		in := at.item("headers", i)
		in.field("name").check(checkFieldName(h.GetName()))
		validateStringMatch(in.field("value"), h.GetValue())
	}
	for i, q := range m.GetQueryParams() {
		in := at.item("query_params", i)
		if q.GetName() == "" {
			in.field("name").faultf("not set")
		}
		validateStringMatch(in.field("value"), q.GetValue())
	}
}

func validatePathMatch(at *place, m *PathMatch) {
	switch k := m.GetKind().(type) {
	case *PathMatch_Exact, *PathMatch_Prefix:
	case *PathMatch_SegmentPrefix:
		if k.SegmentPrefix == "" || k.SegmentPrefix[0] != '/' {
			at.field("segment_prefix").faultf("%s does not begin with /", quote(k.SegmentPrefix))
		}
	case *PathMatch_Regex:
		at.field("regex").check(checkPattern(k.Regex))
		if m.GetIgnoreCase() {
			at.field("ignore_case").faultf("not for regex; write (?i)")
		}
	default:
		at.faultf("unknown kind of path match")
	}
}

func validateStringMatch(at *place, m *StringMatch) {
	switch k := m.GetKind().(type) {
	case *StringMatch_Exact, *StringMatch_Prefix, *StringMatch_Suffix:
	case *StringMatch_Regex:
		at.field("regex").check(checkPattern(k.Regex))
		if m.GetIgnoreCase() {
			at.field("ignore_case").faultf("not for regex; write (?i)")
		}
	case *StringMatch_Present:
		if !k.Present {
			at.field("present").faultf("false; use invert")
		}
	default:
		at.faultf("unknown kind of string match")
	}
}

func validateForward(at *place, f *Forward) {
	sum := uint64(0)
	for i, b := range f.GetBackends() {
		in := at.item("backends", i)
		switch t := b.GetTarget().(type) {
		case *WeightedBackend_Backend:
			in.field("backend").check(checkName(t.Backend))
		case *WeightedBackend_Failure:
			if s := t.Failure.GetStatus(); s != 0 && (s < 400 || s > 599) {
				in.field("failure").field("status").faultf("%d is not from 400 to 599", s)
			}
		default:
			in.faultf("unknown kind of target")
		}
		if b.GetWeight() > maxWeight {
			in.field("weight").faultf("more than %d", maxWeight)
		}
		sum += uint64(b.GetWeight())
		validateFilters(in, b.GetFilters())
	}
	if sum > math.MaxUint32 {
		at.field("backends").faultf("the sum of the weights is more than %d", uint32(math.MaxUint32))
	}
}

func validateRedirect(at *place, r *Redirect) {
	switch r.GetStatus() {
	case 0, 301, 302, 303, 307, 308:
	default:
		at.field("status").faultf("%d is not 301, 302, 303, 307 or 308", r.GetStatus())
	}
	switch r.GetScheme() {
	case "", "http", "https":
	default:
		at.field("scheme").faultf("%s is not http or https", quote(r.GetScheme()))
	}
	if r.GetHost() != "" {
		at.field("host").check(checkHost(strings.ToLower(r.GetHost())))
	}
	if r.GetPort() != 0 {
		at.field("port").check(checkPort(r.GetPort()))
	}
	if r.GetPath() != nil {
		validatePathRewrite(at.field("path"), r.GetPath())
	}
}

func validateDirectResponse(at *place, d *DirectResponse) {
	if s := d.GetStatus(); s < 200 || s > 599 {
		at.field("status").faultf("%d is not from 200 to 599", s)
	}
	if len(d.GetBody()) > maxDirectBody {
		at.field("body").faultf("longer than %d bytes", maxDirectBody)
	}
	at.field("content_type").check(checkFieldValue(d.GetContentType()))
}

func validateFilters(at *place, filters []*HttpFilter) {
	seen := map[string]int{}
	for i, f := range filters {
		in := at.item("filters", i)
		var kind string
		switch k := f.GetKind().(type) {
		case *HttpFilter_RequestHeaders:
			kind = "request_headers"
			validateModifier(in.field(kind), k.RequestHeaders)
		case *HttpFilter_ResponseHeaders:
			kind = "response_headers"
			validateModifier(in.field(kind), k.ResponseHeaders)
		case *HttpFilter_Rewrite:
			kind = "rewrite"
			validateRewrite(in.field(kind), k.Rewrite)
		default:
			in.faultf("unknown kind of filter")
			continue
		}
		if first, ok := seen[kind]; ok {
			in.faultf("a second %s; filters[%d] is one", kind, first)
			continue
		}
		seen[kind] = i
	}
}

func validateModifier(at *place, m *HeaderModifier) {
	for i, h := range m.GetSet() {
		validateHeader(at.item("set", i), h)
	}
	for i, h := range m.GetAdd() {
		validateHeader(at.item("add", i), h)
	}
	for i, name := range m.GetRemove() {
		at.item("remove", i).check(checkEditableName(name))
	}
}

func validateHeader(at *place, h *HeaderValue) {
	at.field("name").check(checkEditableName(h.GetName()))
	at.field("value").check(checkFieldValue(h.GetValue()))
}

func validateRewrite(at *place, r *UrlRewrite) {
	if r.GetPath() != nil {
		validatePathRewrite(at.field("path"), r.GetPath())
	}
	if r.GetAuthority() != "" {
		at.field("authority").check(checkAuthority(r.GetAuthority()))
	}
}

// validatePathRewrite lets an empty path be: it stands for "/".
func validatePathRewrite(at *place, p *PathRewrite) {
	switch k := p.GetKind().(type) {
	case *PathRewrite_ReplaceFull:
		at.field("replace_full").check(checkPath(k.ReplaceFull))
	case *PathRewrite_ReplacePrefix:
		at.field("replace_prefix").check(checkPath(k.ReplacePrefix))
	case *PathRewrite_Regex:
		in := at.field("regex")
		in.field("pattern").check(checkPattern(k.Regex.GetPattern()))
		in.field("substitution").check(checkSubstitution(k.Regex.GetSubstitution()))
	default:
		at.faultf("unknown kind of path rewrite")
	}
}

// checkSubstitution does not count the pattern's groups: that takes compiling it.
func checkSubstitution(s string) error {
	if err := checkPathBytes(s); err != nil {
		return err
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		i++
		if i == len(s) || s[i] != '\\' && (s[i] < '0' || s[i] > '9') {
			return errors.New(`a single "\": write "\\", or "\0" to "\9"`)
		}
	}
	return nil
}
