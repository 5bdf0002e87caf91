package webhook

import (
	"cmp"

	core "k8s.io/api/core/v1"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/environ"
)

// The volume of the token, as azure-workload-identity v1.5 names things.
const (
	tokenVolumeName = "azure-identity-token"
	tokenFolder     = "/var/run/secrets/azure/tokens"
	tokenFile       = "azure-identity-token"
)

// identity is the variables that name the workload, those that have a value.
func (s *Surface) identity(account map[string]string) []environ.Variable {
	tenant := s.Cluster.Tenant
	var vars []environ.Variable
	for _, v := range environ.Identity(environ.Workload{
		ClientID:  account[directory.AnnotationClientID],
		TenantID:  cmp.Or(account[directory.AnnotationTenantID], tenant.ID),
		Authority: "https://" + tenant.Cloud.LoginHost() + "/",
		TokenFile: tokenFolder + "/" + tokenFile,
	}, environ.Target{}) {
		if v.Value != "" {
			vars = append(vars, v)
		}
	}
	return vars
}

// tokenVolume projects a token with a life in seconds.
func tokenVolume(expiration int64, audience string) core.Volume {
	return core.Volume{Name: tokenVolumeName, VolumeSource: core.VolumeSource{Projected: &core.ProjectedVolumeSource{
		Sources: []core.VolumeProjection{{ServiceAccountToken: &core.ServiceAccountTokenProjection{
			Path: tokenFile, ExpirationSeconds: &expiration, Audience: audience,
		}}},
	}}}
}

func tokenMount() core.VolumeMount {
	return core.VolumeMount{Name: tokenVolumeName, MountPath: tokenFolder, ReadOnly: true}
}
