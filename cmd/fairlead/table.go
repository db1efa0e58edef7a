package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/fairlead-mesh/fairlead/controlplane"
)

// condition is the part of every API's conditions that a table shows.
type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// anyStatus is what the statuses of all kinds have in common.
type anyStatus struct {
	Conditions []condition `json:"conditions"`
	Parents    []struct {
		ParentRef struct {
			Name        string `json:"name"`
			SectionName string `json:"sectionName"`
		} `json:"parentRef"`
		Conditions []condition `json:"conditions"`
	} `json:"parents"`
	Listeners []struct {
		Name           string      `json:"name"`
		AttachedRoutes int         `json:"attachedRoutes"`
		Conditions     []condition `json:"conditions"`
	} `json:"listeners"`
}

// printTable prints a line for each object, listener and parent: its conditions, and the
// messages of those that are not well.
func printTable(out io.Writer, statuses []controlplane.ObjectStatus) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tNAMESPACE\tNAME\tCONDITIONS\tMESSAGE")
	for _, s := range statuses {
		b, err := json.Marshal(s.Status)
		if err != nil {
			return err
		}
		var a anyStatus
		if err := json.Unmarshal(b, &a); err != nil {
			return err
		}
		row(w, s, "", a.Conditions)
		for _, l := range a.Listeners {
			row(w, s, fmt.Sprintf(" listener %s (%d routes)", l.Name, l.AttachedRoutes), l.Conditions)
		}
		for _, p := range a.Parents {
			row(w, s, strings.TrimSuffix(" parent "+p.ParentRef.Name+"/"+p.ParentRef.SectionName, "/"), p.Conditions)
		}
	}
	return w.Flush()
}

func row(w io.Writer, s controlplane.ObjectStatus, part string, conditions []condition) {
	if len(conditions) == 0 {
		return
	}
	var states, messages []string
	for _, c := range conditions {
		states = append(states, strings.TrimPrefix(c.Type, "fairlead.dev/")+"="+c.Status)
		if bad(c) && c.Message != "" {
			messages = append(messages, c.Reason+": "+c.Message)
		}
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Kind, s.Namespace, s.Name+part,
		strings.Join(states, ","), strings.ReplaceAll(strings.Join(messages, "; "), "\n", " "))
}

// bad reports whether a condition speaks of something wrong: most are well when True,
// some when False.
func bad(c condition) bool {
	switch c.Type {
	case "Conflicted", "PartiallyInvalid", "OverlappingTLSConfig":
		return c.Status != "False"
	}
	return c.Status != "True"
}
