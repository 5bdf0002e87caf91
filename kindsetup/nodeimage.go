package kindsetup

import (
	"context"
	"fmt"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"
)

// nodeImageVariable names the node image where --image does not.
const nodeImageVariable = "KIND_NODE_IMAGE"

// nodeImage finds the image of the node: the wanted one, else kind's default, else, where that cannot
// be pulled, the newest node image that the engine has.
func (e *engine) nodeImage(ctx context.Context, wanted string) (image, note string, err error) {
	image = wanted
	if image == "" {
		image = defaults.Image
	}
	there, err := e.exists(ctx, "image", image)
	if err != nil || there {
		return image, "", err
	}
	_, pullErr := e.run(ctx, "pull", "--quiet", image)
	if pullErr == nil {
		return image, "pulled", nil
	}
	if err := ctx.Err(); err != nil {
		return "", "", err
	}
	present, err := e.nodeImages(ctx)
	if err != nil {
		return "", "", err
	}
	if wanted == "" && len(present) > 0 {
		return present[0], "kind's default cannot be pulled here", nil
	}
	ways := "load it from a file (" + e.tool + " load -i FILE), build one (kind build node-image), or log in to its registry"
	if len(present) > 0 {
		ways += ", or take one that is here: --image " + strings.Join(present, ", --image ")
	}
	return "", "", fmt.Errorf("the node image %s is not here and cannot be pulled: %w\n  %s", image, pullErr, ways)
}

// nodeImages lists the node images that the engine has, the newest first.
func (e *engine) nodeImages(ctx context.Context) ([]string, error) {
	out, err := e.run(ctx, "images", "--format", "{{.Repository}}:{{.Tag}}", "kindest/node")
	if err != nil {
		return nil, err
	}
	var images []string
	for _, line := range strings.Fields(out) {
		if !strings.HasSuffix(line, ":<none>") {
			images = append(images, strings.TrimPrefix(line, "docker.io/"))
		}
	}
	return images, nil
}
