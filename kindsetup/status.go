package kindsetup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Part is one thing that a cluster consists of, and whether it works.
type Part struct {
	Name   string `json:"name"`
	Works  bool   `json:"works"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"` // a command, where it does not work
}

// errNodeDown stands for the checks that need the node.
var errNodeDown = errors.New("not looked at: the cluster does not run")

// Status looks at everything that Up made. The error says that nothing could be looked at.
func Status(ctx context.Context, c Config) ([]Part, error) {
	e, record, err := c.find(ctx)
	if err != nil {
		return nil, err
	}
	s := &inspection{Config: &c, engine: e, record: record}
	again := "kindred cluster up --name " + c.Name
	anew := "kindred cluster down --name " + c.Name + " && " + again
	for _, look := range []struct {
		name, fix string
		look      func(context.Context) (string, error)
	}{
		{"cluster", again, s.cluster},
		{"emulator", again + "   # its log: " + e.tool + " logs " + emulatorName(c.Name), s.emulator},
		{"issuer", anew, s.issuer},
		{"DNS", again, s.dns},
		{"webhook", again, s.webhook},
		{"certificates", anew, s.certificates},
	} {
		detail, err := look.look(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p := Part{Name: look.name, Works: err == nil, Detail: detail}
		if err != nil {
			p.Detail, p.Fix = err.Error(), look.fix
		}
		s.parts = append(s.parts, p)
	}
	return s.parts, nil
}

// inspection is one Status.
type inspection struct {
	*Config
	engine *engine
	record *Record
	node   *node // nil: it does not run
	parts  []Part
}

func (s *inspection) cluster(ctx context.Context) (string, error) {
	there, err := s.engine.hasCluster(s.Name)
	if err != nil {
		return "", err
	}
	if !there {
		return "", errors.New("kind knows no cluster " + s.Name)
	}
	if !s.record.Created {
		return "", errors.New("half made: `kindred cluster up` was interrupted")
	}
	n, err := s.engine.node(s.Name)
	if err != nil {
		return "", err
	}
	running, err := s.engine.running(ctx, n)
	if err != nil {
		return "", err
	}
	if !running {
		return "", fmt.Errorf("the node %s is stopped", n)
	}
	version, err := n.kubectl(ctx, "", "get", "node", n.String(), "--output=jsonpath={.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=='Ready')].status}")
	if err != nil {
		return "", err
	}
	version, ready, _ := strings.Cut(version, " ")
	if ready != "True" {
		return "", fmt.Errorf("the node %s is not ready", n)
	}
	s.node = n
	return fmt.Sprintf("Kubernetes %s, context kind-%s", version, s.Name), nil
}

func (s *inspection) emulator(ctx context.Context) (string, error) {
	c := &container{engine: s.engine, name: emulatorName(s.Name)}
	state, err := c.inspect(ctx, "{{.State.Status}}")
	switch {
	case err != nil:
		return "", err
	case state == "":
		return "", fmt.Errorf("there is no container %s", c.name)
	case state != "running":
		return "", fmt.Errorf("the container %s is %s", c.name, state)
	}
	if _, err := publishedKeys(ctx, s.Dir, s.record); err != nil {
		return "", fmt.Errorf("the container %s runs, but does not answer at %s: %w", c.name, s.record.Listen, err)
	}
	return fmt.Sprintf("https://%s, proxy %s, control %s", s.record.Listen, s.record.Proxy, s.record.Control), nil
}

func (s *inspection) issuer(ctx context.Context) (string, error) {
	if s.node == nil {
		return "", errNodeDown
	}
	found, err := signs(ctx, s.node, s.Dir, s.record)
	if err != nil {
		return "", err
	}
	return s.record.Issuer, found.check(s.record.Issuer)
}

func (s *inspection) dns(ctx context.Context) (string, error) {
	if s.node == nil {
		return "", errNodeDown
	}
	c := &container{engine: s.engine, name: emulatorName(s.Name)}
	addresses, err := c.addresses(ctx)
	if err != nil {
		return "", err
	}
	const name = "login.microsoftonline.com"
	return name + " leads pods to " + strings.Join(addresses, ", "), s.node.leadsTo(ctx, name, addresses)
}

func (s *inspection) webhook(ctx context.Context) (string, error) {
	switch {
	case !s.record.Webhook:
		return "none (--webhook none)", nil
	case s.node == nil:
		return "", errNodeDown
	}
	return "a labelled pod gets its variables", s.node.admits(ctx)
}

func (s *inspection) certificates(ctx context.Context) (string, error) {
	const soon = 7 * 24 * time.Hour
	ends, err := certificateEnds(ctx, s.Dir, s.node)
	if err != nil {
		return "", err
	}
	detail := make([]string, 0, len(ends))
	for _, e := range ends {
		text := fmt.Sprintf("%s until %s", e.of, e.at.Format(time.DateOnly))
		if time.Until(e.at) < soon {
			return "", errors.New(text)
		}
		detail = append(detail, text)
	}
	return strings.Join(detail, ", "), nil
}
