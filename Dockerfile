FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.base.json ./
COPY src src
RUN npx tsc -b src

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: LevelDB's binding comes ready-built inside its package.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
COPY lwm2m_xml lwm2m_xml
COPY etc etc
RUN mkdir data && chown node:node data
USER node
VOLUME ["/app/etc", "/app/data"]
# MQTT, MQTT over WebSocket and TLS once configured; MQTT-SN; LwM2M over CoAP and over DTLS.
EXPOSE 1883/tcp 8083/tcp 8883/tcp 1884/udp 5683/udp 5684/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["node", "dist/main.js", "check", "--health", "--etc", "/app/etc"]
CMD ["node", "dist/main.js", "start", "--etc", "/app/etc"]
