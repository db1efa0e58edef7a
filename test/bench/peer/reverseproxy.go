package peer

import "github.com/fairlead-mesh/fairlead/test/bench/process"

// reverseProxy is our own small program. It writes X-Forwarded-For and -Proto only if asked, as the others.
var reverseProxy = Peer{
	Name: "reverseproxy",
	find: ours("reverseproxy", "test/bench/reverseproxy"),
	command: func(program string, site Site) (process.Command, error) {
		args := []string{site.Listen.String(), site.Origin.String()}
		if site.Forwarded {
			args = append(args, "forwarded")
		}
		return process.Command{Path: program, Args: args, Env: threads(site.Workers)}, nil
	},
}
