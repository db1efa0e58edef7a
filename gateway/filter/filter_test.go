package filter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
	"github.com/fairlead-mesh/fairlead/gateway/filter/unavailable"
)

// note is a filter that writes down when it ran.
type note struct {
	name     string
	kind     filter.Kind
	log      *[]string
	request  filter.Verdict
	response filter.Verdict
}

func (n note) Kind() filter.Kind { return n.kind }

func (n note) Request(*exchange.Exchange) filter.Verdict {
	*n.log = append(*n.log, ">"+n.name)
	return n.request
}

func (n note) Response(*exchange.Exchange) filter.Verdict {
	*n.log = append(*n.log, "<"+n.name)
	return n.response
}

func TestChain(t *testing.T) {
	const (
		headers = filter.KindRequestHeaders
		rewrite = filter.KindRewrite
		last    = filter.KindResponseHeaders
	)
	tests := []struct {
		name    string
		placed  []filter.Placed
		verdict filter.Verdict
		want    []string
	}{
		{"empty", nil, filter.Continue, nil},
		{
			"kind, then level, then as given",
			[]filter.Placed{
				{note{name: "r", kind: last}, filter.LevelGateway},
				{note{name: "w", kind: rewrite}, filter.LevelGateway},
				{note{name: "hb", kind: headers}, filter.LevelBackend},
				{note{name: "hr1", kind: headers}, filter.LevelRoute},
				{note{name: "hr2", kind: headers}, filter.LevelRoute},
				{note{name: "hg", kind: headers}, filter.LevelGateway},
			},
			filter.Continue,
			[]string{">hg", ">hr1", ">hr2", ">hb", ">w", ">r", "<r", "<w", "<hb", "<hr2", "<hr1", "<hg"},
		},
		{
			"an answer comes back through those that ran",
			[]filter.Placed{
				{note{name: "a", kind: headers}, filter.LevelGateway},
				{note{name: "b", kind: headers, request: filter.Respond}, filter.LevelRoute},
				{note{name: "c", kind: rewrite}, filter.LevelRoute},
			},
			filter.Respond,
			[]string{">a", ">b", "<b", "<a"},
		},
		{
			"reset in the response pass ends it",
			[]filter.Placed{
				{note{name: "a", kind: headers}, filter.LevelGateway},
				{note{name: "b", kind: rewrite, response: filter.Reset}, filter.LevelRoute},
			},
			filter.Continue,
			[]string{">a", ">b", "<b"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log []string
			for i := range tt.placed {
				n := tt.placed[i].Filter.(note)
				n.log = &log
				tt.placed[i].Filter = n
			}
			chain := filter.Merge(tt.placed)
			ex := exchange.Get()
			defer exchange.Put(ex)
			v, n := chain.Request(ex)
			if v != tt.verdict {
				t.Errorf("verdict %v, want %v", v, tt.verdict)
			}
			chain.Response(ex, n)
			if d := cmp.Diff(tt.want, log); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestUnavailableRunsFirst(t *testing.T) {
	var log []string
	chain := filter.Merge([]filter.Placed{
		{Filter: note{name: "a", kind: filter.KindRequestHeaders, log: &log}, Level: filter.LevelGateway},
		{Filter: unavailable.New(), Level: filter.LevelBackend},
	})
	ex := exchange.Get()
	defer exchange.Put(ex)
	v, _ := chain.Request(ex)
	if v != filter.Respond || ex.Response.Status != 503 || ex.Failure.Flag() != "UAEX" || len(log) != 0 {
		t.Errorf("verdict %v, status %d, failure %v, others ran: %v", v, ex.Response.Status, ex.Failure, log)
	}
}
