# The program in a container: `docker build -t fedimg .`, or docker-compose.yml, which builds it.
# --target demo adds what `fedimg demo` needs: curl and xz for the instances of the local cloud.

FROM node:24.11.1-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24.11.1-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
# Compiles, and bundles the workflows: a worker starts without webpack.
RUN npm run build

# glibc: Temporal's SDK has no build for musl.
FROM node:24.11.1-bookworm-slim AS base
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
COPY package.json fedimg.sample.toml LICENSE ./
RUN ln -s /app/bin/fedimg.js /usr/local/bin/fedimg
ENV NODE_ENV=production \
    FEDIMG_CONFIG=/etc/fedimg/fedimg.toml \
    FEDIMG_METRICS=127.0.0.1:9464
USER node
# Node as the first process handles SIGTERM itself: the worker then hands its tasks back to Temporal.
STOPSIGNAL SIGTERM
ENTRYPOINT ["fedimg"]
CMD ["worker"]

FROM base AS demo
USER root
RUN apt-get update \
  && apt-get install -y --no-install-recommends curl xz-utils \
  && rm -rf /var/lib/apt/lists/*
USER node
ENV FEDIMG_CONFIG="" \
    FEDIMG_METRICS=""
WORKDIR /home/node
CMD ["demo"]

FROM base AS fedimg
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["fedimg", "health"]
