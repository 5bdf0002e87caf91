package webhook

import (
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"

	core "k8s.io/api/core/v1"

	"github.com/kindred-emulator/kindred/emulator/environ"
)

// change is one operation of a JSON Patch (RFC 6902).
type change struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// writer collects the changes that a pod needs. What the pod has already is left as it is, so that a
// second pass finds nothing to do; only a mount that stands for another path is replaced.
type writer struct {
	pod     *core.Pod
	changes []change
}

func (w *writer) put(op, path string, value any) {
	w.changes = append(w.changes, change{Op: op, Path: path, Value: value})
}

// add appends to a list, which has so many members now.
func add[T any](w *writer, path string, present int, missing []T) {
	switch {
	case len(missing) == 0:
	case present == 0:
		w.put("add", path, missing)
	default:
		for _, m := range missing {
			w.put("add", path+"/-", m)
		}
	}
}

func (w *writer) volume(v core.Volume) {
	if slices.ContainsFunc(w.pod.Spec.Volumes, func(has core.Volume) bool { return has.Name == v.Name }) {
		return
	}
	add(w, "/spec/volumes", len(w.pod.Spec.Volumes), []core.Volume{v})
	w.pod.Spec.Volumes = append(w.pod.Spec.Volumes, v)
}

func (w *writer) annotate(annotations map[string]string) {
	for name, value := range annotations {
		switch {
		case w.pod.Annotations[name] == value:
		case w.pod.Annotations == nil:
			w.put("add", "/metadata/annotations", annotations)
			return
		default:
			w.put("add", "/metadata/annotations/"+pointer(name), value)
		}
	}
}

// pointer escapes a name for a JSON Pointer (RFC 6901, section 3).
func pointer(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// resolveByCluster lets a pod on the node's network ask the cluster's DNS, which knows where kindred
// is; by default it would ask the node's.
func (w *writer) resolveByCluster() {
	spec := w.pod.Spec
	if spec.HostNetwork && (spec.DNSPolicy == "" || spec.DNSPolicy == core.DNSClusterFirst) {
		w.put("add", "/spec/dnsPolicy", core.DNSClusterFirstWithHostNet)
	}
}

// containers are the lists of containers, by the names of their fields.
func (w *writer) containers() iter.Seq2[string, []core.Container] {
	return func(yield func(string, []core.Container) bool) {
		_ = yield("initContainers", w.pod.Spec.InitContainers) && yield("containers", w.pod.Spec.Containers)
	}
}

func (w *writer) container(field string, i int) (core.Container, string) {
	c := w.pod.Spec.Containers
	if field == "initContainers" {
		c = w.pod.Spec.InitContainers
	}
	return c[i], "/spec/" + field + "/" + strconv.Itoa(i)
}

// environment gives a container the variables that it does not set itself.
func (w *writer) environment(field string, i int, vars []environ.Variable) {
	c, path := w.container(field, i)
	var missing []core.EnvVar
	for _, v := range vars {
		if !slices.ContainsFunc(c.Env, func(has core.EnvVar) bool { return has.Name == v.Name }) {
			missing = append(missing, core.EnvVar{Name: v.Name, Value: v.Value})
		}
	}
	add(w, path+"/env", len(c.Env), missing)
}

// mounts gives a container the mounts; one of the same name is replaced where it differs.
func (w *writer) mounts(field string, i int, mounts []core.VolumeMount) {
	c, path := w.container(field, i)
	var missing []core.VolumeMount
	for _, m := range mounts {
		at := slices.IndexFunc(c.VolumeMounts, func(has core.VolumeMount) bool { return has.Name == m.Name })
		switch {
		case at < 0:
			missing = append(missing, m)
		case !reflect.DeepEqual(c.VolumeMounts[at], m):
			w.put("replace", path+"/volumeMounts/"+strconv.Itoa(at), m)
		}
	}
	add(w, path+"/volumeMounts", len(c.VolumeMounts), missing)
}
