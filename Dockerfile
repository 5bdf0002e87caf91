# The static binary and nothing else: there is nothing to pull. `make image` builds both.
FROM scratch
COPY bin/kindred /kindred
USER 65532:65532
# TLS: Entra, issuers, vaults. The proxy and the control API serve callers in the container only.
EXPOSE 8443
ENTRYPOINT ["/kindred"]
# Keys and certificates are in memory, unless --state names a mounted directory.
CMD ["serve", "--listen", ":8443"]
