package webhook

import (
	"path"

	core "k8s.io/api/core/v1"

	"github.com/kindred-emulator/kindred/emulator/environ"
	"github.com/kindred-emulator/kindred/emulator/trust"
)

const (
	trustVolumeName = "kindred-trust"
	trustFolder     = "/var/run/secrets/kindred"
	annotationCA    = "kindred.dev/ca"
)

// podTrust is what makes a pod trust kindred's certificates without an object in its namespace.
type podTrust struct {
	volume      core.Volume
	mount       core.VolumeMount
	annotations map[string]string
	vars        []environ.Variable
}

// trust mounts the node's folder, read-only. Where that is not allowed the CA travels in an
// annotation, which a projected volume shows as a file: it then stands alone, without the system's
// roots, and Java, which reads no PEM, is left out.
func (s *Surface) trust(nodeTrust string) podTrust {
	t := podTrust{mount: core.VolumeMount{Name: trustVolumeName, MountPath: trustFolder, ReadOnly: true}}
	if nodeTrust != "" {
		directory := core.HostPathDirectory
		t.volume = core.Volume{Name: trustVolumeName, VolumeSource: core.VolumeSource{
			HostPath: &core.HostPathVolumeSource{Path: nodeTrust, Type: &directory},
		}}
		t.vars = environ.Trust(trust.In(trustFolder))
		return t
	}
	ca := trust.In(trustFolder).CA
	t.annotations = map[string]string{annotationCA: string(s.CA)}
	t.volume = core.Volume{Name: trustVolumeName, VolumeSource: core.VolumeSource{Projected: &core.ProjectedVolumeSource{
		Sources: []core.VolumeProjection{{DownwardAPI: &core.DownwardAPIProjection{Items: []core.DownwardAPIVolumeFile{{
			Path: path.Base(ca), FieldRef: &core.ObjectFieldSelector{FieldPath: "metadata.annotations['" + annotationCA + "']"},
		}}}}},
	}}}
	t.vars = environ.Trust(trust.Files{CA: ca, Bundle: ca})
	return t
}
