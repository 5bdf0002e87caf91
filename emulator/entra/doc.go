// Package entra plays Microsoft Entra's token service: the token endpoint for the client
// credentials grant, the OpenID Connect documents, the signing keys and instance discovery.
//
//	Token (handler.go)
//	  1 request.go      the form, read once; is it complete?
//	  2 tenant.go       which tenant
//	  3 client.go       which principal of it
//	  4 credential.go   does the request prove it is that principal?
//	      federated.go    an assertion of another issuer (package federation)
//	      certificate.go  an assertion of its own, signed with a certificate
//	      secret.go       a client secret
//	  5 resource.go     what the token is for
//	  6 handler.go      conditional access
//	  7 mint.go         the access token
//
//	Configuration, SigningKeys (documents.go), Instance (instance.go)
//
// Checks are made, and errors chosen, in Entra's order, which is the order of the rows in package
// apierr. A refusal that a person may want explained carries an explanation for the journal.
package entra
