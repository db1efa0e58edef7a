package peer

import (
	"os"
	"path/filepath"
	"text/template"

	"github.com/fairlead-mesh/fairlead/test/bench/process"
)

// nginxConfig holds a 64 KiB response in memory buffers: with the default ones a slow client sends it to disk.
// Unbuffered, it hands on what it has read at once, from one large buffer for each connection.
var nginxConfig = template.Must(template.New("nginx.conf").Parse(`
{{- if .Root}}user root;
{{end -}}
worker_processes {{.Workers}};
worker_rlimit_nofile 20000;
daemon off;
pid {{.Dir}}/nginx.pid;
error_log stderr crit;
events { worker_connections 16384; }
http {
  access_log off;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  client_body_temp_path {{.Dir}}/client; proxy_temp_path {{.Dir}}/proxy;
  fastcgi_temp_path {{.Dir}}/fastcgi; uwsgi_temp_path {{.Dir}}/uwsgi; scgi_temp_path {{.Dir}}/scgi;
{{- if .Unbuffered}}
  proxy_buffering off;
  proxy_buffer_size 80k;
  proxy_busy_buffers_size 96k;
{{- else}}
  proxy_buffer_size 16k;
{{- end}}
  proxy_buffers 8 16k;
  upstream origin {
    server {{.Origin}};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen {{.Listen}} reuseport backlog=4096;
    proxy_http_version 1.1;
    location /api/ {
      proxy_pass http://origin/;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Bench-Request set;
{{- if .Forwarded}}
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
{{- end}}
      add_header X-Bench-Response added;
    }
    location /shop/ { proxy_pass http://origin/; proxy_set_header Connection ""; proxy_set_header Host $http_host; }
    location /static/ { proxy_pass http://origin/; proxy_set_header Connection ""; proxy_set_header Host $http_host; }
    location / { return 404; }
  }
  server {
    listen {{.Admin}};
    location = /metrics { stub_status; }
  }
}
`))

// nginx as it is run: responses are buffered.
var nginx = Peer{Name: "nginx", find: installed("nginx"), version: "-v", command: nginxCommand(false)}

// nginxUnbuffered streams as Fairlead does. 64 KiB fit into its buffer, which few would grant each connection,
// so it is measured only if it is asked for.
var nginxUnbuffered = Peer{
	Name: "nginx-unbuffered", find: installed("nginx"), version: "-v", command: nginxCommand(true),
}

func nginxCommand(unbuffered bool) func(string, Site) (process.Command, error) {
	return func(program string, site Site) (process.Command, error) {
		file := filepath.Join(site.Dir, "nginx.conf")
		data := struct {
			Site
			Unbuffered bool
			Root       bool // workers of a master that is root are somebody else, who may not enter site.Dir
		}{site, unbuffered, os.Geteuid() == 0}
		return process.Command{
			Path: program,
			Args: []string{"-p", site.Dir, "-e", "stderr", "-c", file},
		}, render(file, nginxConfig, data)
	}
}

// render writes a configuration file.
func render(file string, text *template.Template, data any) error {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := text.Execute(out, data); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
