package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/fairlead-mesh/fairlead/controlplane"
	"github.com/fairlead-mesh/fairlead/controlplane/istio"
	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/controlplane/source/files"
	"github.com/fairlead-mesh/fairlead/gateway"
)

// kindNames maps what people type to kinds: plurals, singulars, kubectl's short names. Empty
// is all.
var kindNames = map[string]string{
	"gatewayclasses": "GatewayClass", "gatewayclass": "GatewayClass", "gc": "GatewayClass",
	"gateways": "Gateway", "gateway": "Gateway", "gtw": "Gateway", "gw": "Gateway",
	"httproutes": "HTTPRoute", "httproute": "HTTPRoute",
	"virtualservices": "VirtualService", "virtualservice": "VirtualService", "vs": "VirtualService",
	"destinationrules": "DestinationRule", "destinationrule": "DestinationRule", "dr": "DestinationRule",
	"serviceentries": "ServiceEntry", "serviceentry": "ServiceEntry", "se": "ServiceEntry",
	"authorizationpolicies": "AuthorizationPolicy", "authorizationpolicy": "AuthorizationPolicy", "ap": "AuthorizationPolicy",
	"requestauthentications": "RequestAuthentication", "requestauthentication": "RequestAuthentication", "ra": "RequestAuthentication",
	"peerauthentications": "PeerAuthentication", "peerauthentication": "PeerAuthentication", "pa": "PeerAuthentication",
	"all": "",
}

// kindList names the kinds for messages.
const kindList = "gatewayclasses, gateways, httproutes, virtualservices, destinationrules, serviceentries, " +
	"authorizationpolicies, requestauthentications, peerauthentications"

type getOptions struct {
	paths      []string
	namespace  string
	domain     string
	labels     map[string]string
	allowNames []string
	output     string
}

func newGet() *cobra.Command {
	var o getOptions
	cmd := &cobra.Command{
		Use:   "get KINDS -f PATH…",
		Short: "Show the status of objects in manifests, without serving them",
		Long: `Get reads manifests as run does and shows the status each object would have: what is
accepted, which references resolve, what is in conflict with what. Nothing is served,
so Programmed is False with the reason Pending.

KINDS is a comma-separated list: gatewayclasses, gateways, httproutes,
virtualservices, destinationrules, serviceentries, authorizationpolicies,
requestauthentications, peerauthentications, or all.

Exit status: 0, or 1 if a document was refused.`,
		Example: `  fairlead get gateways,httproutes -f ./manifests
  fairlead get vs -f giropops.yaml -o yaml
  kubectl get httproutes -A -o yaml | fairlead get httproutes -f -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return get(cmd, args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringSliceVarP(&o.paths, "filename", "f", nil, "files and directories of manifests, - for standard input")
	f.StringVarP(&o.output, "output", "o", "table", "table, yaml or json")
	f.StringVarP(&o.namespace, "namespace", "n", "default", "namespace of objects that name none")
	f.StringVar(&o.domain, "cluster-domain", "cluster.local", "DNS domain that ends the names of Services")
	f.StringToStringVar(&o.labels, "labels", istio.DefaultLabels(), "labels of the gateway")
	f.StringSliceVar(&o.allowNames, "allow-external-name", nil, "external names that run would allow")
	if err := cmd.MarkFlagRequired("filename"); err != nil {
		panic(err) //nolint:forbidigo // the flag is defined a few lines above
	}
	return cmd
}

func get(cmd *cobra.Command, kinds string, o getOptions) error {
	wanted, err := parseKinds(kinds)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"table", "yaml", "json"}, o.output) {
		return fmt.Errorf("output %q: use table, yaml or json", o.output)
	}
	batch, err := files.Load(files.Options{Paths: o.paths, Namespace: o.namespace, Stdin: os.Stdin})
	if err != nil {
		return err
	}
	process := gateway.ProcessOptions{AllowNames: o.allowNames}
	pipeline := controlplane.New(controlplane.Options{
		Labels: o.labels, ClusterDomain: o.domain, AllowExternalName: process.AllowName(),
		Addresses: gatewayAddresses, Log: slog.New(slog.DiscardHandler),
	})
	pipeline.Take(cmd.Context(), batch)
	statuses := slices.DeleteFunc(pipeline.Statuses(), func(s controlplane.ObjectStatus) bool {
		return wanted != nil && !slices.Contains(wanted, s.Kind)
	})
	if err := printStatuses(cmd.OutOrStdout(), statuses, o.output); err != nil {
		return err
	}
	refused := false
	for _, p := range batch.Problems {
		fmt.Fprintln(cmd.ErrOrStderr(), p)
		refused = refused || p.Severity == source.Refused
	}
	if refused {
		return errReported
	}
	return nil
}

// parseKinds returns the kinds named; nil means all.
func parseKinds(list string) ([]string, error) {
	var out []string
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), ".")
		kind, ok := kindNames[name]
		if !ok {
			return nil, fmt.Errorf("kind %q: use %s or all", name, kindList)
		}
		if kind == "" {
			return nil, nil
		}
		out = append(out, kind)
	}
	return out, nil
}

func printStatuses(out io.Writer, statuses []controlplane.ObjectStatus, format string) error {
	list := map[string]any{"kind": "List", "items": statuses}
	switch format {
	case "json":
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(list)
	case "yaml":
		b, err := yaml.Marshal(list)
		if err == nil {
			_, err = out.Write(b)
		}
		return err
	}
	return printTable(out, statuses)
}
