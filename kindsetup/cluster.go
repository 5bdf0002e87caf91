package kindsetup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	kindexec "sigs.k8s.io/kind/pkg/exec"
)

// kubeadmPatch gives the API server its issuer, as AKS has it. The keys are mounted where kubeadm
// looks for them. It has no apiVersion, so that kind fits it to the version of the node.
const kubeadmPatch = `kind: ClusterConfiguration
apiServer:
  extraArgs:
    service-account-issuer: %q
    service-account-jwks-uri: %q
`

// The keys, in the node.
const (
	nodeKey    = "/etc/kubernetes/pki/sa.key"
	nodePublic = "/etc/kubernetes/pki/sa.pub"
)

// kindConfig is a cluster of one node whose tokens are signed with the keys in saDir.
func kindConfig(issuer, saDir string) *v1alpha4.Cluster {
	return &v1alpha4.Cluster{Nodes: []v1alpha4.Node{{
		Role: v1alpha4.ControlPlaneRole,
		ExtraMounts: []v1alpha4.Mount{
			{HostPath: filepath.Join(saDir, "sa.key"), ContainerPath: nodeKey, SelinuxRelabel: true},
			{HostPath: filepath.Join(saDir, "sa.pub"), ContainerPath: nodePublic, SelinuxRelabel: true},
		},
		KubeadmConfigPatches: []string{fmt.Sprintf(kubeadmPatch, issuer, jwksURL(issuer))},
	}}}
}

// jwksURL is where an issuer's keys are, in AKS.
func jwksURL(issuer string) string { return strings.TrimSuffix(issuer, "/") + "/openid/v1/jwks" }

// writeKeys leaves the keys where the node's mounts lead. The files are written in place: a mount
// holds on to the file it found.
func writeKeys(dir string, k Keys) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "sa.key"), k.Private, 0o600),
		os.WriteFile(filepath.Join(dir, "sa.pub"), k.Public, 0o600),
	)
}

// createCluster makes the cluster, and kind's context in the user's kubeconfig.
func (e *engine) createCluster(name, image, issuer, saDir string, retain bool) error {
	err := e.provider.Create(name,
		cluster.CreateWithV1Alpha4Config(kindConfig(issuer, saDir)),
		cluster.CreateWithNodeImage(image),
		cluster.CreateWithRetain(retain),
	)
	if failed := kindexec.RunErrorForError(err); failed != nil {
		return fmt.Errorf("%w\n%s", err, lastLines(string(failed.Output)))
	}
	return err
}

// lastLines is the end of a program's output.
func lastLines(text string) string {
	const most = 15
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-most):], "\n  ")
}

// hasCluster says whether kind knows a cluster of the name.
func (e *engine) hasCluster(name string) (bool, error) {
	names, err := e.provider.List()
	return slices.Contains(names, name), err
}

// node is the cluster's only node.
type node struct{ nodes.Node }

func (e *engine) node(name string) (*node, error) {
	all, err := e.provider.ListInternalNodes(name)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("cluster %s has %d nodes where kindred made one", name, len(all))
	}
	return &node{all[0]}, nil
}

// running says whether a node's container runs.
func (e *engine) running(ctx context.Context, n *node) (bool, error) {
	state, err := e.run(ctx, "container", "inspect", "--format", "{{.State.Running}}", n.String())
	return state == "true", err
}

// startNode starts a node that a reboot or `docker stop` has stopped.
func (e *engine) startNode(ctx context.Context, n *node) (started bool, err error) {
	running, err := e.running(ctx, n)
	if err != nil || running {
		return false, err
	}
	_, err = e.run(ctx, "start", n.String())
	return true, err
}

// run runs a program in the node and gives its standard output.
func (n *node) run(ctx context.Context, stdin string, program string, args ...string) (string, error) {
	cmd := n.CommandContext(ctx, program, args...)
	if stdin != "" {
		cmd.SetStdin(strings.NewReader(stdin))
	}
	var stdout, stderr strings.Builder
	cmd.SetStdout(&stdout)
	cmd.SetStderr(&stderr)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return "", &toolError{command: program + " " + strings.Join(args[:min(len(args), 2)], " "), stderr: strings.TrimSpace(stderr.String()), err: err}
	}
	return strings.TrimSpace(stdout.String()), nil
}

// kubectl runs kubectl in the node as the cluster's administrator.
func (n *node) kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	return n.run(ctx, stdin, "kubectl", append([]string{"--kubeconfig=/etc/kubernetes/admin.conf"}, args...)...)
}

// write leaves a file in the node, for everyone to read.
func (n *node) write(file, content string) error { return nodeutils.WriteFile(n, file, content) }
