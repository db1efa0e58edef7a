package controlplane

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate"
	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// verdicts say of each Secret whether it can be a Certificate. Listeners look at them and not
// at the Secrets, so that a rotation is no change to a listener.
type verdicts struct {
	bySecret collect.Collection[certificate.Verdict]
}

func newVerdicts(in *inputs) verdicts {
	return verdicts{collect.Map("verdicts on secrets", in.secrets,
		func(_ *collect.Context, s *corev1.Secret) (certificate.Verdict, bool) {
			return certificate.Judge(s), true
		})}
}

// lookup returns what translators ask for a verdict.
func (v verdicts) lookup(ctx *collect.Context) func(namespace, name string) (certificate.Verdict, bool) {
	return func(namespace, name string) (certificate.Verdict, bool) {
		return collect.Get(ctx, v.bySecret, objectKey(namespace, name))
	}
}

// certificates are those that a listener refers to. A Secret that none refers to stays here.
func certificates(in *inputs, listeners collect.Collection[*config.Resource]) collect.Collection[*config.Resource] {
	wanted := collect.NewIndex("listeners by certificate", listeners,
		func(r *config.Resource) []string { return r.GetListener().GetTls().GetCertificates() })
	return collect.FlatMap("certificates", in.secrets, resourceKey,
		func(ctx *collect.Context, s *corev1.Secret) []*config.Resource {
			if len(collect.Lookup(ctx, wanted, certificate.Name(s.Namespace, s.Name))) == 0 {
				return nil
			}
			if c := certificate.Of(s); c != nil {
				return []*config.Resource{config.Wrap(c)}
			}
			return nil
		}, equal)
}
