package peer

import (
	"net/netip"
	"os"
	"path/filepath"

	"github.com/fairlead-mesh/fairlead/test/bench/manifest"
	"github.com/fairlead-mesh/fairlead/test/bench/process"
)

// fairlead is the whole appliance in one process, configured by Gateway API manifests.
var fairlead = Peer{
	Name: "fairlead",
	find: ours("fairlead", "cmd/fairlead"),
	command: func(program string, site Site) (process.Command, error) {
		dir := filepath.Join(site.Dir, "manifests")
		if err := os.Mkdir(dir, 0o700); err != nil {
			return process.Command{}, err
		}
		text := manifest.Edge(site.Listen, site.Origin)
		return FairleadRun(program, dir, site), os.WriteFile(filepath.Join(dir, "edge.yaml"), []byte(text), 0o600)
	},
}

// fairleadProxy is the data plane alone, fed by hand with the contract's YAML form.
var fairleadProxy = Peer{
	Name: "fairlead-proxy",
	find: ours("fairlead-proxy", "cmd/fairlead-proxy"),
	command: func(program string, site Site) (process.Command, error) {
		text, err := manifest.Contract(site.Listen, site.Origin)
		if err != nil {
			return process.Command{}, err
		}
		file := filepath.Join(site.Dir, "config.yaml")
		return process.Command{
			Path: program,
			Args: []string{"--config", file, "--port-offset", "0", "--admin-address", site.Admin.String()},
			Env:  threads(site.Workers),
		}, os.WriteFile(file, []byte(text), 0o600)
	},
}

// FairleadRun is `fairlead run` over a directory of manifests.
func FairleadRun(program, dir string, site Site) process.Command {
	return process.Command{
		Path: program,
		Args: []string{"run", "-f", dir, "--port-offset", "0", "--admin-address", site.Admin.String()},
		Env:  threads(site.Workers),
	}
}

// ReadyURL answers 200 once Fairlead has applied its first snapshot.
func ReadyURL(admin netip.AddrPort) string { return "http://" + admin.String() + "/healthz/ready" }
