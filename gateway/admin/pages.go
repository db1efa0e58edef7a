package admin

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

const (
	typeText = "text/plain; charset=utf-8"
	typeYAML = "application/yaml; charset=utf-8"
	typeJSON = "application/json"
)

func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", typeText)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range s.pages() {
		if p.about != "" && p.handler != nil {
			fmt.Fprintf(table, "%s\t%s\n", p.path, p.about)
		}
	}
	_ = table.Flush() // to a client who may be gone
}

func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", typeText)
	fmt.Fprintln(w, "live")
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	ready, why := s.options.Ready()
	if !ready {
		http.Error(w, "not ready: "+why, http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", typeText)
	fmt.Fprintln(w, "ready")
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", typeText)
	fmt.Fprintf(w, "fairlead %s %s %s/%s\n", s.options.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// config shows the live configuration, or what of it has the kind and the name asked for.
func (s *Server) config(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	kind, name := query.Get("kind"), query.Get("name")
	if kind != "" && !knownKind(kind) {
		http.Error(w, fmt.Sprintf("kind %q: not one of %s", kind, strings.Join(kindNames(), ", ")), http.StatusBadRequest)
		return
	}
	var shown []*config.Resource
	for _, res := range s.options.Config() {
		n := config.NameOf(res)
		if (kind == "" || n.Kind.String() == kind) && (name == "" || n.Name == name) {
			shown = append(shown, res)
		}
	}
	data, err := config.MarshalYAML(shown)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", typeYAML)
	_, _ = w.Write(data) // to a client who may be gone
}

func kindNames() (names []string) {
	for k := config.KindNone + 1; k < config.KindCount; k++ {
		names = append(names, k.String())
	}
	return names
}

func knownKind(name string) bool {
	for k := config.KindNone + 1; k < config.KindCount; k++ {
		if k.String() == name {
			return true
		}
	}
	return false
}

func (s *Server) level(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", typeText)
	fmt.Fprintf(w, "level: %s\n", strings.ToLower(s.options.Level.Level().String()))
}

func (s *Server) setLevel(w http.ResponseWriter, r *http.Request) {
	var level slog.Level
	text := r.URL.Query().Get("level")
	if err := level.UnmarshalText([]byte(text)); err != nil {
		http.Error(w, fmt.Sprintf("level %q: not one of debug, info, warn, error", text), http.StatusBadRequest)
		return
	}
	old := s.options.Level.Level()
	s.options.Level.Set(level)
	s.options.Log.Warn("log level changed", "old", old.String(), "new", level.String())
	s.level(w, r)
}
