package directory

import "strings"

// Cloud is one of Azure's separate clouds and the names its clients use.
// Source: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud.
type Cloud struct {
	Name               string   // as `az cloud list` has it
	LoginHosts         []string // the preferred one first
	STS                string   // prefix of the iss claim of v1 tokens
	VaultSuffix        string   // vault.azure.net
	VaultAppID         string   // the app id of Key Vault's resource principal
	FederationAudience string   // the audience of federated credentials by default
}

// LoginHost is the preferred host of the token endpoint.
func (c *Cloud) LoginHost() string { return c.LoginHosts[0] }

// VaultResource is what a Key Vault token is for: the aud claim, and the challenge's resource.
func (c *Cloud) VaultResource() string { return "https://" + c.VaultSuffix }

const keyVaultAppID = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"

// Clouds lists the clouds, the public one first.
func Clouds() []*Cloud { return clouds }

var clouds = []*Cloud{
	{
		Name: "AzureCloud",
		LoginHosts: []string{
			"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net",
		},
		STS:                "https://sts.windows.net/",
		VaultSuffix:        "vault.azure.net",
		VaultAppID:         keyVaultAppID,
		FederationAudience: "api://AzureADTokenExchange",
	},
	{
		Name:               "AzureUSGovernment",
		LoginHosts:         []string{"login.microsoftonline.us", "login.usgovcloudapi.net"},
		STS:                "https://sts.windows.net/",
		VaultSuffix:        "vault.usgovcloudapi.net",
		VaultAppID:         keyVaultAppID,
		FederationAudience: "api://AzureADTokenExchangeUSGov",
	},
	{
		Name:               "AzureChinaCloud",
		LoginHosts:         []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
		STS:                "https://sts.chinacloudapi.cn/",
		VaultSuffix:        "vault.azure.cn",
		VaultAppID:         keyVaultAppID,
		FederationAudience: "api://AzureADTokenExchangeChina",
	},
}

// CloudByName finds a cloud, whatever the case.
func CloudByName(name string) (*Cloud, bool) {
	for _, c := range clouds {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return nil, false
}

// CloudOfLogin finds the cloud that a login host belongs to.
func CloudOfLogin(host string) (*Cloud, bool) {
	for _, c := range clouds {
		for _, h := range c.LoginHosts {
			if strings.EqualFold(h, host) {
				return c, true
			}
		}
	}
	return nil, false
}
