package gatewayapi

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/fairlead-mesh/fairlead/controlplane/service"
)

// DefaultController is spec.controllerName of GatewayClasses that are ours.
const DefaultController gwv1.GatewayController = "fairlead-mesh.github.io/gateway-controller"

// DefaultClassName names the GatewayClass that files need not define.
const DefaultClassName = "fairlead"

// Translator holds the settings of translation. It is a value; the zero value works but
// for Controller.
type Translator struct {
	// Controller is the name that our GatewayClasses carry.
	Controller gwv1.GatewayController
	// Services names hosts and says which external names are refused.
	Services service.Options
}

// DefaultClass is the GatewayClass that is there when none of its name is.
func (t Translator) DefaultClass() *gwv1.GatewayClass {
	return &gwv1.GatewayClass{
		Name: DefaultClassName,
		Spec: gwv1.GatewayClassSpec{ControllerName: t.Controller},
	}
}

// Serves reports whether Gateways of the class are ours to serve: it names us and is
// accepted.
func (t Translator) Serves(class *gwv1.GatewayClass) bool {
	return class != nil && class.Spec.ControllerName == t.Controller && classFault(class) == nil
}

// Class returns the status of a GatewayClass; ok is false if it is somebody else's.
func (t Translator) Class(class *gwv1.GatewayClass) (status gwv1.GatewayClassStatus, ok bool) {
	if class.Spec.ControllerName != t.Controller {
		return gwv1.GatewayClassStatus{}, false
	}
	if f := classFault(class); f != nil {
		c := unmet(gwv1.GatewayClassConditionStatusAccepted, f.Reason, f.String(), class.Generation)
		return gwv1.GatewayClassStatus{Conditions: []metav1.Condition{c}}, true
	}
	c := met(gwv1.GatewayClassConditionStatusAccepted, gwv1.GatewayClassReasonAccepted,
		"Gateways of this class are served", class.Generation)
	return gwv1.GatewayClassStatus{
		Conditions:        []metav1.Condition{c},
		SupportedFeatures: supportedFeatures(),
	}, true
}

func classFault(class *gwv1.GatewayClass) *Fault {
	ref := class.Spec.ParametersRef
	if ref == nil {
		return nil
	}
	return &Fault{
		Reason:  string(gwv1.GatewayClassReasonInvalidParameters),
		Field:   "spec.parametersRef",
		Message: fmt.Sprintf("%s is not a kind of parameters that is supported", kindName(ref.Group, ref.Kind)),
	}
}

// kindName returns "Kind" for the core group and "Kind.group" for others.
func kindName(group gwv1.Group, kind gwv1.Kind) string {
	if group == "" {
		return string(kind)
	}
	return string(kind) + "." + string(group)
}

// supportedFeatures lists what is true of this build, sorted as the API asks.
func supportedFeatures() []gwv1.SupportedFeature {
	names := []features.FeatureName{
		features.SupportGateway,
		features.SupportGatewayHTTPListenerIsolation,
		features.SupportGatewayPort8080,
		features.SupportGatewayRouteHostnameIntersectionPrecedence,
		features.SupportHTTPRoute,
		features.SupportHTTPRoute303RedirectStatusCode,
		features.SupportHTTPRoute307RedirectStatusCode,
		features.SupportHTTPRoute308RedirectStatusCode,
		features.SupportHTTPRouteBackendRequestHeaderModification,
		features.SupportHTTPRouteBackendURLRewrite,
		features.SupportHTTPRouteDestinationPortMatching,
		features.SupportHTTPRouteHostRewrite,
		features.SupportHTTPRouteMethodMatching,
		features.SupportHTTPRouteNamedRouteRule,
		features.SupportHTTPRouteParentRefPort,
		features.SupportHTTPRoutePathRedirect,
		features.SupportHTTPRoutePathRewrite,
		features.SupportHTTPRoutePortRedirect,
		features.SupportHTTPRouteQueryParamMatching,
		features.SupportHTTPRouteResponseHeaderModification,
		features.SupportHTTPRouteSchemeRedirect,
		features.SupportReferenceGrant,
	}
	slices.Sort(names)
	out := make([]gwv1.SupportedFeature, len(names))
	for i, name := range names {
		out[i] = gwv1.SupportedFeature{Name: gwv1.FeatureName(name)}
	}
	return out
}
