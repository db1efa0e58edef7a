package admin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// rejection is a config.Rejection as /config/rejected writes it.
type rejection struct {
	Kind   string  `json:"kind" yaml:"kind"`
	Name   string  `json:"name" yaml:"name"`
	Reason string  `json:"reason" yaml:"reason"`
	Origin *origin `json:"origin,omitempty" yaml:"origin,omitempty"`
}

// origin is the object to mend.
type origin struct {
	Group      string `json:"group,omitempty" yaml:"group,omitempty"`
	Kind       string `json:"kind,omitempty" yaml:"kind,omitempty"`
	Namespace  string `json:"namespace,omitempty" yaml:"namespace,omitempty"`
	Name       string `json:"name,omitempty" yaml:"name,omitempty"`
	Generation int64  `json:"generation,omitempty" yaml:"generation,omitempty"`
	Field      string `json:"field,omitempty" yaml:"field,omitempty"`
}

func (s *Server) rejected(w http.ResponseWriter, r *http.Request) {
	list := []rejection{}
	for _, reject := range s.options.Rejected() {
		list = append(list, shownRejection(reject))
	}
	slices.SortStableFunc(list, func(a, b rejection) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	var (
		body bytes.Buffer
		err  error
	)
	switch format := r.URL.Query().Get("format"); format {
	case "", "yaml":
		w.Header().Set("Content-Type", typeYAML)
		e := yaml.NewEncoder(&body)
		e.SetIndent(2)
		err = e.Encode(list)
	case "json":
		w.Header().Set("Content-Type", typeJSON)
		e := json.NewEncoder(&body)
		e.SetIndent("", "  ")
		err = e.Encode(list)
	default:
		http.Error(w, fmt.Sprintf("format %q: not yaml or json", format), http.StatusBadRequest)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(body.Bytes()) // to a client who may be gone
}

func shownRejection(r config.Rejection) rejection {
	out := rejection{Kind: r.Name.Kind.String(), Name: r.Name.Name, Reason: r.Reason}
	if o := r.Origin; o != nil {
		out.Origin = &origin{o.GetGroup(), o.GetKind(), o.GetNamespace(), o.GetName(), o.GetGeneration(), o.GetField()}
	}
	return out
}
