package entra

import "github.com/kindred-emulator/kindred/emulator/directory"

// cloudNames are the names of a cloud that appear in its OpenID configuration and nowhere else.
type cloudNames struct {
	instance, graph, msgraph, rbac, region string
}

func namesOf(c *directory.Cloud) cloudNames {
	switch c.Name {
	case "AzureUSGovernment":
		return cloudNames{"microsoftonline.us", "graph.windows.net", "graph.microsoft.us", "https://pasff.usgovcloudapi.net", "USGov"}
	case "AzureChinaCloud":
		return cloudNames{"partner.microsoftonline.cn", "graph.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn", "https://pas.chinacloudapi.cn", "AS"}
	default:
		return cloudNames{"microsoftonline.com", "graph.windows.net", "graph.microsoft.com", "https://pas.windows.net", "WW"}
	}
}

// configuration is the v2 OpenID configuration (OpenID Connect Discovery 1.0, section 3), its members
// in the order of login.microsoftonline.com's.
type configuration struct {
	TokenEndpoint     string   `json:"token_endpoint"`
	AuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	JWKS              string   `json:"jwks_uri"`
	ResponseModes     []string `json:"response_modes_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes     []string `json:"response_types_supported"`
	Scopes            []string `json:"scopes_supported"`
	Issuer            string   `json:"issuer"`
	RequestURI        bool     `json:"request_uri_parameter_supported"`
	UserInfo          string   `json:"userinfo_endpoint"`
	Authorization     string   `json:"authorization_endpoint"`
	Device            string   `json:"device_authorization_endpoint"`
	HTTPLogout        bool     `json:"http_logout_supported"`
	FrontLogout       bool     `json:"frontchannel_logout_supported"`
	EndSession        string   `json:"end_session_endpoint"`
	Claims            []string `json:"claims_supported"`
	Kerberos          string   `json:"kerberos_endpoint"`
	Region            string   `json:"tenant_region_scope"`
	Cloud             string   `json:"cloud_instance_name"`
	CloudGraph        string   `json:"cloud_graph_host_name"`
	MSGraph           string   `json:"msgraph_host"`
	RBAC              string   `json:"rbac_url"`
}

func (a *authority) configuration() *configuration {
	return &configuration{
		TokenEndpoint:     a.url("/oauth2/v2.0/token"),
		AuthMethods:       authMethods(),
		JWKS:              a.url("/discovery/v2.0/keys"),
		ResponseModes:     []string{"query", "fragment", "form_post"},
		SubjectTypes:      []string{"pairwise"},
		SigningAlgorithms: []string{"RS256"},
		ResponseTypes:     []string{"code", "id_token", "code id_token", "id_token token"},
		Scopes:            []string{"openid", "profile", "email", "offline_access"},
		Issuer:            a.issuer(),
		UserInfo:          "https://" + a.names.msgraph + "/oidc/userinfo",
		Authorization:     a.url("/oauth2/v2.0/authorize"),
		Device:            a.url("/oauth2/v2.0/devicecode"),
		HTTPLogout:        true,
		FrontLogout:       true,
		EndSession:        a.url("/oauth2/v2.0/logout"),
		Claims: []string{
			"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
			"aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email",
		},
		Kerberos:   a.url("/kerberos"),
		Region:     a.names.region,
		Cloud:      a.names.instance,
		CloudGraph: a.names.graph,
		MSGraph:    a.names.msgraph,
		RBAC:       a.names.rbac,
	}
}

// configurationV1 is the v1 OpenID configuration, its members in the order of
// login.microsoftonline.com's.
type configurationV1 struct {
	TokenEndpoint     string   `json:"token_endpoint"`
	AuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	JWKS              string   `json:"jwks_uri"`
	ResponseModes     []string `json:"response_modes_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes     []string `json:"response_types_supported"`
	Scopes            []string `json:"scopes_supported"`
	Issuer            string   `json:"issuer"`
	MultiRefresh      bool     `json:"microsoft_multi_refresh_token"`
	Authorization     string   `json:"authorization_endpoint"`
	Device            string   `json:"device_authorization_endpoint"`
	HTTPLogout        bool     `json:"http_logout_supported"`
	FrontLogout       bool     `json:"frontchannel_logout_supported"`
	EndSession        string   `json:"end_session_endpoint"`
	Claims            []string `json:"claims_supported"`
	CheckSession      string   `json:"check_session_iframe"`
	UserInfo          string   `json:"userinfo_endpoint"`
	Kerberos          string   `json:"kerberos_endpoint"`
	Region            string   `json:"tenant_region_scope"`
	Cloud             string   `json:"cloud_instance_name"`
	CloudGraph        string   `json:"cloud_graph_host_name"`
	MSGraph           string   `json:"msgraph_host"`
	RBAC              string   `json:"rbac_url"`
}

func (a *authority) configurationV1() *configurationV1 {
	return &configurationV1{
		TokenEndpoint:     a.url("/oauth2/token"),
		AuthMethods:       authMethods(),
		JWKS:              a.base + "/common/discovery/keys",
		ResponseModes:     []string{"query", "fragment", "form_post"},
		SubjectTypes:      []string{"pairwise"},
		SigningAlgorithms: []string{"RS256"},
		ResponseTypes:     []string{"code", "id_token", "code id_token", "token id_token", "token"},
		Scopes:            []string{"openid"},
		Issuer:            a.sts,
		MultiRefresh:      true,
		Authorization:     a.url("/oauth2/authorize"),
		Device:            a.url("/oauth2/devicecode"),
		HTTPLogout:        true,
		FrontLogout:       true,
		EndSession:        a.url("/oauth2/logout"),
		Claims: []string{
			"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
			"aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "given_name", "family_name", "nickname",
		},
		CheckSession: a.url("/oauth2/checksession"),
		UserInfo:     a.url("/openid/userinfo"),
		Kerberos:     a.url("/kerberos"),
		Region:       a.names.region,
		Cloud:        a.names.instance,
		CloudGraph:   a.names.graph,
		MSGraph:      a.names.msgraph,
		RBAC:         a.names.rbac,
	}
}

func authMethods() []string {
	return []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}
}
