package kindsetup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
)

// run is one `up`.
type run struct {
	*Config
	engine   *engine
	record   *Record
	emulator *Emulator
	node     *node
	fresh    bool     // the cluster is new, or only half made
	before   *Record  // of an interrupted run, which was cleared away
	stale    string   // an older image of kindred, once it is not needed
	undo     []func() // what this run made, the newest last
}

// Up makes the cluster, or what is missing of it.
func Up(ctx context.Context, c Config) error {
	if err := c.validate(); err != nil {
		return err
	}
	if err := c.validateAddresses(); err != nil {
		return err
	}
	unlock, err := lock(c.Dir, c.Name)
	if err != nil {
		return err
	}
	defer unlock()
	r := &run{Config: &c}
	err = c.progress().all(ctx, []step{
		{"engine", r.findEngine},
		{"node image", r.findNodeImage},
		{"keys", r.prepare},
		{"image", r.buildImage},
		{"cluster", r.createCluster},
		{"emulator", r.startEmulator},
		{"DNS", r.pointDNS},
		{"webhook", r.register},
		{"wait", r.wait},
	})
	if err != nil {
		return errors.Join(err, r.rollBack())
	}
	return nil
}

// lock keeps two commands from working on one cluster.
func lock(dir, name string) (unlock func(), err error) {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, err
	}
	l := flock.New(dir+".lock", flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if err != nil {
		return nil, err
	}
	if !got {
		return nil, fmt.Errorf("another kindred is at work on cluster %s", name)
	}
	return func() {
		_ = os.Remove(l.Path())
		_ = l.Unlock()        // it goes with the process in any case
		_ = os.Remove(parent) // unless there is another cluster in it
	}, nil
}

// rollBack undoes what this run made, the newest first.
func (r *run) rollBack() error {
	if r.Retain {
		return nil
	}
	for _, undo := range slices.Backward(r.undo) {
		undo()
	}
	if len(r.undo) > 0 {
		return errors.New("what this run made is removed again (--retain keeps it)")
	}
	return nil
}

func (r *run) onFailure(undo func()) { r.undo = append(r.undo, undo) }

func (r *run) findEngine(ctx context.Context) (string, error) {
	log := &kindLog{}
	var err error
	if r.engine, err = findEngine(r.Getenv, log); err != nil {
		return "", err
	}
	if err := r.engine.check(ctx); err != nil {
		return "", err
	}
	if r.record, err = Load(r.Dir); err != nil && !errors.Is(err, ErrNoCluster) {
		return "", err
	}
	return r.engine.tool, r.clear(ctx)
}

// clear sees to what is there under the cluster's name: someone else's is an error, our own half-made
// one goes.
func (r *run) clear(ctx context.Context) error {
	if r.record == nil {
		found, err := r.engine.lookFor(ctx, r.Name)
		if err != nil {
			return err
		}
		if err := found.taken(r.Name); err != nil {
			return err
		}
		r.record, r.fresh = &Record{Name: r.Name}, true
		return r.portsAreFree(ctx)
	}
	there, err := r.engine.hasCluster(r.Name)
	if err != nil {
		return err
	}
	if there && r.record.Created {
		return r.keepPorts(ctx)
	}
	if _, err := takeDown(ctx, r.engine, r.Dir, r.record); err != nil {
		return fmt.Errorf("what an interrupted run left: %w", err)
	}
	r.before, r.record, r.fresh = r.record, &Record{Name: r.Name}, true
	return r.portsAreFree(ctx)
}

// keepPorts leaves the published addresses as they are where any would do, and looks whether another
// one is free.
func (r *run) keepPorts(ctx context.Context) error {
	for flag, was := range map[string]string{"listen": r.record.Listen, "proxy": r.record.Proxy, "control": r.record.Control} {
		address := r.addresses()[flag]
		if _, port, _ := net.SplitHostPort(*address); port == "0" {
			*address = was
		}
	}
	c := r.container()
	if running, err := c.inspect(ctx, "{{.State.Running}}"); err != nil || running == "true" && r.record.Listen == r.Listen {
		return err
	}
	return r.portsAreFree(ctx)
}

// portsAreFree names the flag of an address that is taken.
func (r *run) portsAreFree(ctx context.Context) error {
	for flag, address := range r.addresses() {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *address)
		if err != nil {
			return fmt.Errorf("%w (--%s takes another address; is a `kindred serve` or another cluster running?)", err, flag)
		}
		if _, port, _ := net.SplitHostPort(*address); port == "0" {
			*address = l.Addr().String() // the same after a restart of the container
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) findNodeImage(ctx context.Context) (string, error) {
	wanted := r.NodeImage
	if wanted == "" {
		wanted = r.Getenv(nodeImageVariable)
	}
	if !r.fresh {
		if wanted != "" && wanted != r.record.NodeImage {
			return "", fmt.Errorf("cluster %s has %s; for %s take it down first (kindred cluster down --name %s)", r.Name, r.record.NodeImage, wanted, r.Name)
		}
		return r.record.NodeImage, nil
	}
	image, note, err := r.engine.nodeImage(ctx, wanted)
	if err != nil {
		return "", err
	}
	r.record.NodeImage = image
	if note != "" {
		return image + " (" + note + ")", nil
	}
	return image, nil
}

func (r *run) prepare(ctx context.Context) (string, error) {
	state := filepath.Join(r.Dir, stateDir)
	if r.fresh {
		r.onFailure(func() { _ = os.RemoveAll(r.Dir) })
	} else if err := r.container().saveState(ctx, state); err != nil {
		return "", err
	}
	var err error
	if r.emulator, err = r.Prepare(state); err != nil {
		return "", err
	}
	if !r.fresh && r.record.Issuer != r.emulator.Issuer {
		return "", fmt.Errorf("cluster %s has the issuer %s and this fixture's cluster %s has %s; take it down first (kindred cluster down --name %s)",
			r.Name, r.record.Issuer, r.emulator.Cluster, r.emulator.Issuer, r.Name)
	}
	r.record.Issuer, r.record.Cluster = r.emulator.Issuer, r.emulator.Cluster
	r.record.Listen, r.record.Proxy, r.record.Control = r.Listen, r.Proxy, r.Control
	r.record.Webhook = r.Webhook
	if r.fresh {
		err = writeKeys(filepath.Join(r.Dir, saDir), r.emulator.Keys)
	}
	return r.emulator.Issuer, errors.Join(err,
		replace(filepath.Join(r.Dir, caFile), r.emulator.CA),
		makeToken(r.Dir),
		r.record.save(r.Dir),
	)
}

func (r *run) buildImage(ctx context.Context) (string, error) {
	if err := static(r.emulator.Program); err != nil {
		return "", err
	}
	image, err := imageOf(r.emulator.Program)
	if err != nil {
		return "", err
	}
	there, err := r.engine.exists(ctx, "image", image)
	if err != nil {
		return "", err
	}
	if r.record.Image != image {
		if r.record.MadeImage {
			r.stale = r.record.Image
		}
		late := r.before != nil && r.before.MadeImage && r.before.Image == image
		r.record.Image, r.record.MadeImage = image, !there || late
	}
	if err := r.record.save(r.Dir); err != nil || there {
		return image, err
	}
	r.onFailure(func() { _ = r.engine.removeImage(context.WithoutCancel(ctx), image) })
	return image, r.engine.buildImage(ctx, image, r.emulator.Program)
}

func (r *run) createCluster(ctx context.Context) (string, error) {
	if r.fresh {
		if err := r.create(ctx); err != nil {
			return "", err
		}
	}
	var err error
	if r.node, err = r.engine.node(r.Name); err != nil {
		return "", err
	}
	context := "context kind-" + r.Name
	started, err := r.engine.startNode(ctx, r.node)
	if started {
		context += ", started again"
	}
	return context, err
}

func (r *run) create(ctx context.Context) error {
	there, err := r.engine.exists(ctx, "network", r.engine.network)
	if err != nil {
		return err
	}
	r.record.MadeNetwork = !there || r.before != nil && r.before.MadeNetwork
	if r.record.Kubeconfig, err = snapshot(kubeconfigs(r.Getenv)); err != nil {
		return err
	}
	if err := r.record.save(r.Dir); err != nil {
		return err
	}
	r.onFailure(func() { _, _ = takeDown(context.WithoutCancel(ctx), r.engine, r.Dir, r.record) })
	if err := r.createAsOnly(); err != nil {
		return err
	}
	settle(r.record.Kubeconfig)
	r.record.Created = true
	return r.record.save(r.Dir)
}

// createAsOnly has kind make the cluster. Programs that an interrupted run has started can outlive it
// and make a node after everything was cleared away: that one goes too. (An image or a network that
// they make late is counted as this run's.)
func (r *run) createAsOnly() error {
	create := func() error {
		return r.engine.createCluster(r.Name, r.record.NodeImage, r.emulator.Issuer, filepath.Join(r.Dir, saDir), r.Retain)
	}
	err := create()
	if err == nil || r.before == nil {
		return err
	}
	if err := r.engine.provider.Delete(r.Name, ""); err != nil {
		return err
	}
	return create()
}

// container is the emulator's, as far as it is known by now.
func (r *run) container() *container {
	c := &container{engine: r.engine, name: emulatorName(r.Name), labels: map[string]string{clusterTag: r.Name}}
	if r.emulator == nil {
		return c
	}
	c.image, c.dir = r.record.Image, r.emulator.WorkDir
	c.ports = map[string]string{listenInside: r.Listen, proxyInside: r.Proxy, controlInside: r.Control}
	c.args = append([]string{
		"serve", "--listen=:" + listenInside, "--proxy=:" + proxyInside, "--control=:" + controlInside,
		"--published=" + strings.Join([]string{r.Listen, r.Proxy, r.Control}, ","),
		"--state=" + stateInside, "--control-token-file=" + tokenInside,
	}, r.emulator.Args...)
	c.files = make(map[string][]byte)
	for name, data := range r.emulator.Files {
		c.files[name] = data
	}
	return c
}

// The ports in the container.
const (
	listenInside  = "443"
	proxyInside   = "8444"
	controlInside = "8445"
)

// The files in the container that the emulator reads beside its fixture: the control API's token, and
// the kubeconfig with which it reads ServiceAccounts.
const (
	tokenInside    = "/etc/kindred/control-token"
	accountsInside = "/etc/kindred/accounts.kubeconfig"
)

func (r *run) startEmulator(ctx context.Context) (string, error) {
	c := r.container()
	token, err := ControlToken(r.Dir)
	if err != nil {
		return "", err
	}
	c.files[tokenInside] = []byte(token)
	if err := r.addState(c); err != nil {
		return "", err
	}
	if r.Webhook {
		kubeconfig, err := r.credential(ctx)
		if err != nil {
			return "", err
		}
		c.files[accountsInside] = kubeconfig
		c.args = append(c.args, "--kubeconfig="+accountsInside, "--cluster="+r.emulator.Cluster, "--node-trust="+nodeTrust)
	}
	detail, err := c.up(ctx)
	if err == nil && r.stale != "" {
		_ = r.engine.removeImage(ctx, r.stale) // another cluster may use it
	}
	return detail, err
}

// addState gives the container what the emulator kept so far.
func (r *run) addState(c *container) error {
	dir := filepath.Join(r.Dir, stateDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		c.files[stateInside+"/"+entry.Name()] = data
	}
	return nil
}

// credential is the webhook's, made once for a cluster.
func (r *run) credential(ctx context.Context) ([]byte, error) {
	file := filepath.Join(r.Dir, "accounts.kubeconfig")
	if data, err := os.ReadFile(file); err == nil {
		return data, nil
	}
	data, err := r.node.credential(ctx)
	if err != nil {
		return nil, err
	}
	return data, replace(file, data)
}

func (r *run) pointDNS(ctx context.Context) (detail string, err error) {
	err = until(ctx, func(ctx context.Context) error { // a node that was just started has no API server yet
		detail, err = r.node.pointDNS(ctx, r.emulator.Zones, emulatorName(r.Name))
		return err
	})
	return detail, err
}

func (r *run) register(ctx context.Context) (string, error) {
	if !r.Webhook {
		_, err := r.node.kubectl(ctx, "", "delete", "--ignore-not-found", "mutatingwebhookconfiguration", webhookUser)
		return "none", err
	}
	return "pods labelled azure.workload.identity/use", r.node.register(ctx, emulatorName(r.Name), r.emulator)
}

func (r *run) wait(ctx context.Context) (string, error) { return "", r.ready(ctx) }
