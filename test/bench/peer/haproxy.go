package peer

import (
	"path/filepath"
	"text/template"

	"github.com/fairlead-mesh/fairlead/test/bench/process"
)

// haproxyConfig takes the prefix off with bytes(), the cheapest of HAProxy's ways; a regular expression would
// cost it more. Large responses are spliced, which saves it a sixth of its time at 64 KiB. It counts on every proxy whether asked or not; the admin address shows the counters.
var haproxyConfig = template.Must(template.New("haproxy.cfg").Parse(`global
  nbthread {{.Workers}}
  maxconn 12000
  no strict-limits
defaults
  mode http
  option http-keep-alive
  http-reuse always
  option splice-response
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  timeout http-request 600s
frontend edge
  bind {{.Listen}}
  use_backend api if { path_beg /api/ }
  use_backend shop if { path_beg /shop/ }
  use_backend static if { path_beg /static/ }
backend api
  http-request set-path %[path,bytes(4)]
  http-request set-header X-Bench-Request set
{{- if .Forwarded}}
  option forwardfor
  http-request set-header X-Forwarded-Proto http
{{- end}}
  http-response add-header X-Bench-Response added
  server origin {{.Origin}}
backend shop
  http-request set-path %[path,bytes(5)]
  server origin {{.Origin}}
backend static
  http-request set-path %[path,bytes(7)]
  server origin {{.Origin}}
frontend admin
  bind {{.Admin}}
  stats enable
  stats uri /metrics
`))

var haproxy = Peer{
	Name:    "haproxy",
	find:    installed("haproxy"),
	version: "-v",
	command: func(program string, site Site) (process.Command, error) {
		file := filepath.Join(site.Dir, "haproxy.cfg")
		return process.Command{
			Path: program,
			Args: []string{"-db", "-q", "-f", file}, // in the foreground, without banners
		}, render(file, haproxyConfig, site)
	},
}
