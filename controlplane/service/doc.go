// Package service translates Service and EndpointSlice to Backends and Endpoints. Both
// translators, Gateway API's and Istio's, refer to what it makes by the names it gives.
//
// It is not a registry: it keeps nothing, watches nothing and resolves nothing. Every
// function is pure and safe to call from anywhere at once.
//
// A Service makes one Backend for each of its TCP ports, ready for use whether or not
// there are endpoints. Headless Services, Services without a selector and ordinary ones
// are alike: endpoints come from EndpointSlices, never from cluster IPs. An ExternalName
// Service makes one endpoint that is a DNS name; names that could lead back into the
// proxy's own machine or around a ReferenceGrant are refused (see Refusal).
//
// Names:
//
//	host          NAME.NAMESPACE.svc.CLUSTERDOMAIN
//	endpoint set  HOST|PORT
//	Backend       outbound|PORT|SUBSET|HOST
//	Endpoint      SET/ADDRESS:PORT
package service
