# The static binary and nothing else: there is nothing to pull. `make image` builds both.
FROM scratch
COPY bin/kindred /kindred
USER 65532:65532
# TLS (Entra, issuers, vaults), the CONNECT proxy, and the control API, which answers only to
# callers in the container itself.
EXPOSE 8443 8444 8445
ENTRYPOINT ["/kindred"]
# Keys and certificates are in memory, unless --state names a mounted directory.
CMD ["serve", "--listen", ":8443"]
