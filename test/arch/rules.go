package arch

import "slices"

// The layers of the data plane, from the socket's side inward. A room may import every layer after its own
// and no other room of its own layer, unless the table below says so.
var (
	assembly   = append([]string{"gateway/snapshot", "gateway/discovery", "gateway/admin"}, stations...)
	stations   = append([]string{"listener", "routing", "routing/rewrite", "egress", "gateway/filter"}, security...)
	security   = append([]string{"tls/certs", "tls/acme", "tls/handshake", "tls/identity"}, ground...)
	ground     = append([]string{"gateway/exchange", "gateway/wire", "gateway/telemetry", "gateway/deadline"}, contract...)
	contract   = []string{"gateway/config"}
	kubernetes = []string{"k8s.io", "sigs.k8s.io", "istio.io"}
)

// House is the table for this module: the paragraph "Direction" of docs/ARCHITECTURE.md, row by row.
// Rooms that do not exist yet have their row already.
var House = Rules{
	Folders: []string{"cmd", "gateway", "listener", "tls", "routing", "egress", "controlplane", "charts", "test"},
	NoFiles: []string{"tls"}, // package tls would shadow crypto/tls in every reader's head
	Rooms:   slices.Concat(programs, dataPlane, controlPlane, around),
	Bans: []Ban{
		{
			Rooms:   []string{"cmd/fairlead-proxy", "gateway", "listener", "tls", "routing", "egress"},
			Imports: kubernetes,
			Linked:  true,
			Why:     "the data plane knows the contract, not the API objects it came from",
		},
		{
			Rooms:   []string{"gateway/exchange", "gateway/wire", "gateway/filter", "listener", "routing", "egress"},
			Imports: []string{"net/http"},
			Why:     "no net/http on the request path: it costs five times our codec and is laxer than our grammar",
		},
	},
}

var programs = []Room{
	{
		Path: "cmd/fairlead", Why: "the whole appliance in one process: flags and wiring of both planes",
		May: slices.Concat([]string{"gateway", "controlplane", "charts"}, gatewayAPI),
	},
	{
		Path: "cmd/fairlead-proxy", Why: "the data plane alone: flags and wiring",
		May: slices.Concat([]string{"gateway"}, gatewayAPI),
	},
	{
		Path: "cmd/fairlead-controlplane", Why: "the control plane alone: flags and wiring",
		May: []string{"controlplane", "gateway/config"},
	},
}

// gatewayAPI is what a main may touch below gateway/ to wire it: never a station of the request.
var gatewayAPI = []string{"gateway/admin", "gateway/discovery", "gateway/snapshot", "gateway/telemetry", "gateway/config"}

var dataPlane = []Room{
	{Path: "gateway", Alone: true, May: assembly, Why: "assembles the data plane; programs import it, no room does"},

	{Path: "gateway/snapshot", May: stations, Why: "compiles the contract into the stations' runtime"},
	{Path: "gateway/discovery", May: stations, Why: "receives the contract; does not know what compiles it"},
	{Path: "gateway/admin", May: stations, Why: "is handed what it shows; does not fetch it from its neighbours"},

	{Path: "listener", May: security, Why: "a codec calls a function that takes an Exchange; what it does there is not its business"},
	{Path: "routing", May: security, Why: "answers which Route, and neither accepts nor dials"},
	{Path: "routing/rewrite", May: security, Why: "makes paths; knows no table"},
	{Path: "egress", May: security, Why: "is told the Backend; does not choose the Route"},
	{
		Path: "gateway/filter", May: slices.Concat([]string{"routing/rewrite"}, security),
		Why: "a filter sees the Exchange alone, the same on every protocol; how a path is rewritten is routing's",
	},

	{Path: "tls/certs", May: security, Why: "keys and certificates, for whoever shakes hands"},
	{Path: "tls/acme", May: security, Why: "obtains certificates; does not listen"},
	{Path: "tls/handshake", May: security, Why: "makes *tls.Config for both directions"},
	{Path: "tls/identity", May: security, Why: "workload identities; does not listen"},

	{Path: "gateway/exchange", Why: "a leaf: the record of one request, without even the contract"},
	{Path: "gateway/wire", May: []string{"gateway/exchange", "gateway/config"}, Why: "grammar only: reads bytes into the Exchange's message model"},
	{Path: "gateway/telemetry", May: contract, Why: "handles and encoders; the stations hand it values"},
	{Path: "gateway/deadline", Why: "a leaf: time and nothing else"},
	{Path: "gateway/config", Why: "the contract: both planes import it, it imports nobody"},
}

var controlPlane = []Room{
	{Path: "controlplane", May: contract, Why: "knows the data plane by the contract only"},
}

var around = []Room{
	{Path: "charts", Why: "embedded files, no code to speak of"},
	{
		Path: "test", Why: "tests may import every room; no room may import a test",
		May: slices.Concat([]string{
			"cmd/fairlead", "cmd/fairlead-proxy", "cmd/fairlead-controlplane",
			"gateway", "controlplane", "charts",
		}, assembly),
	},
}
