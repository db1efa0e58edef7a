package wire

import (
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// peer reads messages as a codec does, from bytes that come step at a time.
type peer struct {
	in    []byte
	step  int
	rules *Rules
	scan  HeadScanner
	body  ChunkedReader
}

// head returns the next head's bytes; nil if the input ends before the head does.
func (p *peer) head(source exchange.Source) ([]byte, *exchange.Error) {
	p.scan.Reset(source, &p.rules.Limits)
	for have := 0; have < len(p.in); {
		have = min(have+p.step, len(p.in))
		n, err := p.scan.Scan(p.in[:have])
		if err != nil {
			return nil, err
		}
		if n > 0 {
			head := p.in[:n:n]
			p.in = p.in[n:]
			return head, nil
		}
	}
	return nil, nil
}

// content reads a body with this framing; whole is false if the input ends first.
func (p *peer) content(h *exchange.Head, source exchange.Source) (body []byte, whole bool, err *exchange.Error) {
	switch h.Framing {
	case exchange.FramingLength:
		n := int(min(h.ContentLength, int64(len(p.in))))
		body, p.in = p.in[:n], p.in[n:]
		return body, int64(n) == h.ContentLength, nil
	case exchange.FramingClose:
		body, p.in = p.in, nil
		return body, true, nil
	case exchange.FramingChunked:
		return p.chunked(source)
	default:
		return nil, true, nil
	}
}

func (p *peer) chunked(source exchange.Source) (body []byte, whole bool, err *exchange.Error) {
	p.body.Reset(source, p.rules)
	for len(p.in) > 0 && !p.body.Done() {
		fed := p.in[:min(p.step, len(p.in))]
		for len(fed) > 0 && !p.body.Done() {
			content, n, err := p.body.Next(fed)
			if err != nil {
				return body, false, err
			}
			body = append(body, content...)
			fed, p.in = fed[n:], p.in[n:]
		}
	}
	return body, p.body.Done(), nil
}

// readRequests returns the verdict on each message of a connection and the last
// request's exchange state, which is valid until the next call.
func readRequests(raw []byte, step int, rules *Rules) (verdicts []wiretest.Verdict) {
	p := peer{in: raw, step: step, rules: rules}
	for {
		v, more := p.request()
		if v == (wiretest.Verdict{}) {
			return verdicts
		}
		verdicts = append(verdicts, v)
		if !more {
			return verdicts
		}
	}
}

// request reads one request; an empty verdict means that the input ended first.
func (p *peer) request() (v wiretest.Verdict, more bool) {
	ex := exchange.Get()
	defer exchange.Put(ex)
	head, err := p.head(exchange.SourceClient)
	if err != nil {
		return refusal(err, false), false
	}
	if head == nil {
		return v, false
	}
	h := &ex.Request.Head
	if err := ParseRequest(h, head, p.rules); err != nil {
		return refusal(err, false), false
	}
	if err := ParseTarget(ex, TargetRules{}); err != nil {
		return refusal(err, false), false
	}
	body, whole, err := p.content(h, exchange.SourceClient)
	if err != nil {
		return refusal(err, true), false
	}
	if !whole {
		return v, false
	}
	target := string(ex.Path)
	if ex.HasQuery {
		target += "?" + string(ex.Query)
	}
	return wiretest.Verdict{
		Method: string(h.MethodToken), Target: target, Host: string(ex.Host),
		Body: string(body), Closes: !h.KeepAlive,
	}, h.KeepAlive
}

// readResponse returns the verdict on one response to a request with this method.
func readResponse(raw []byte, method string, step int) wiretest.Verdict {
	p := peer{in: raw, step: step, rules: DefaultResponseRules()}
	head, err := p.head(exchange.SourceUpstream)
	if err != nil {
		return refusal(err, false)
	}
	if head == nil {
		return wiretest.Verdict{}
	}
	var h exchange.Head
	if err := ParseResponse(&h, head, exchange.LookupMethod([]byte(method)), p.rules); err != nil {
		return refusal(err, false)
	}
	body, whole, err := p.content(&h, exchange.SourceUpstream)
	if err != nil {
		return refusal(err, true)
	}
	if !whole {
		return wiretest.Verdict{}
	}
	return wiretest.Verdict{Code: h.Status, Body: string(body), Closes: !h.KeepAlive}
}

func refusal(err *exchange.Error, inBody bool) wiretest.Verdict {
	return wiretest.Verdict{Status: err.HTTPStatus(), Reason: err.Reason, InBody: inBody}
}
